package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Objects that cases need before the chart, as YAML texts that can be joined.

func secretObject(name string, entries ...string) string {
	text := fmt.Sprintf("\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: %s}\ndata:\n", name)
	for i := 0; i < len(entries); i += 2 {
		text += fmt.Sprintf("  %s: %s\n", entries[i], base64.StdEncoding.EncodeToString([]byte(entries[i+1])))
	}
	return text
}

func claim(name string) string {
	return fmt.Sprintf(`
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: %s}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 64Mi}}}
`, name)
}

func plainService(name string) string {
	return fmt.Sprintf("\n---\napiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {selector: {app: nobody}, "+
		"ports: [{name: http, port: 80}]}\n", name)
}

const redisImage = "redis:7.2-alpine" // that of the chart's sidecar: whatever cluster this is can pull it

// redisObjects are a Redis outside of the chart, and its Service.
func redisObjects(args ...string) string { return redisPod("", args...) }

func redisPod(volumes string, args ...string) string {
	var list strings.Builder
	for _, a := range append([]string{"--save", "", "--appendonly", "no", "--protected-mode", "no"}, args...) {
		fmt.Fprintf(&list, "%q, ", a)
	}
	return fmt.Sprintf(`
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: redis}
spec:
  selector: {matchLabels: {app: redis}}
  template:
    metadata: {labels: {app: redis}}
    spec:
      terminationGracePeriodSeconds: 2
      securityContext: {runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: redis
          image: %s
          command: [redis-server]
          args: [%s]
          workingDir: /tmp
          ports: [{containerPort: 6379}]
          readinessProbe: {tcpSocket: {port: 6379}, periodSeconds: 1}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
%s
---
apiVersion: v1
kind: Service
metadata: {name: redis}
spec: {selector: {app: redis}, ports: [{port: 6379}]}
`, redisImage, list.String(), volumes)
}

// redisWithTLS is a Redis that speaks TLS alone, with a certificate of its own CA.
func redisWithTLS() string {
	return redisPod(`          volumeMounts: [{name: tls, mountPath: /tls}]
      volumes: [{name: tls, secret: {secretName: redis-tls}}]`,
		"--port", "0", "--tls-port", "6379", "--tls-cert-file", "/tls/tls.crt", "--tls-key-file", "/tls/tls.key",
		"--tls-ca-cert-file", "/tls/ca.crt", "--tls-auth-clients", "no") + tlsSecret("redis-tls", "redis")
}

// tlsSecret is a Secret with a certificate for a name, and the CA that signed it.
func tlsSecret(name, host string) string {
	ca, caKey := certificate(pkix.Name{CommonName: "test CA"}, nil, nil, nil)
	leaf, key := certificate(pkix.Name{CommonName: host}, []string{host}, ca, caKey)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err) // a key that was just made
	}
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return secretObject(name, "tls.crt", encode("CERTIFICATE", leaf.Raw), "tls.key", encode("PRIVATE KEY", der),
		"ca.crt", encode("CERTIFICATE", ca.Raw))
}

func certificate(subject pkix.Name, hosts []string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (
	*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: subject, DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: parent == nil, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		panic(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return made, key
}
