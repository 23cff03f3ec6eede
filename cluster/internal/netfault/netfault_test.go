package netfault

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
)

// The cause is found however deep an error wraps it.
func TestOf(t *testing.T) {
	for want, errs := range map[Fault][]error{
		Other:            {errors.New("anything"), context.Canceled},
		Refused:          {syscall.ECONNREFUSED},
		NoRoute:          {syscall.ENETUNREACH, syscall.EHOSTUNREACH},
		UnknownName:      {&net.DNSError{IsTimeout: true}},
		UnknownAuthority: {x509.UnknownAuthorityError{}},
		WrongName:        {x509.HostnameError{Certificate: &x509.Certificate{}}},
		InvalidCert:      {x509.CertificateInvalidError{}},
		NotTLS:           {tls.RecordHeaderError{}, errors.New("server gave HTTP response to HTTPS client")},
		NotHTTP:          {io.EOF, io.ErrUnexpectedEOF, errors.New("malformed HTTP response")},
		NoAnswer:         {context.DeadlineExceeded, &net.OpError{Err: context.DeadlineExceeded}},
	} {
		for _, err := range errs {
			if got := Of(fmt.Errorf("dial: %w", err)); got != want {
				t.Errorf("%v: %d, want %d", err, got, want)
			}
		}
	}
}
