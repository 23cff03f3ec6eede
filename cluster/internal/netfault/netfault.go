// Package netfault tells why a connection could not be made, so that those who know
// what the connection is for can say what to do.
package netfault

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// Fault is a cause.
type Fault int

// The causes that are told apart.
const (
	Other            Fault = iota
	Refused                // nothing listens there
	NoRoute                // this machine has no way to the address
	UnknownName            // DNS does not know the host
	UnknownAuthority       // the certificate is of an authority that this machine does not trust
	WrongName              // the certificate is for another host
	InvalidCert            // expired, or not yet valid
	NotTLS                 // what answers does not speak TLS
	NotHTTP                // what answers does not speak HTTP
	NoAnswer               // time was up
)

// Of gives the cause of an error of net, crypto/tls or net/http.
func Of(err error) Fault {
	var (
		dns      *net.DNSError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		record   tls.RecordHeaderError
		timeout  net.Error
	)
	text := err.Error()
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return NoRoute
	case errors.As(err, &dns):
		return UnknownName
	case errors.As(err, &unknown):
		return UnknownAuthority
	case errors.As(err, &hostname):
		return WrongName
	case errors.As(err, &invalid):
		return InvalidCert
	case errors.As(err, &record), strings.Contains(text, "HTTP response to HTTPS client"):
		return NotTLS
	case strings.Contains(text, "malformed HTTP"), strings.Contains(text, "connection reset"),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return NotHTTP
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return NoAnswer
	}
	return Other
}
