package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// Media goes through a load balancer with an address that is known beforehand. No other
// case takes addresses of load balancers.
func TestLoadBalancer(t *testing.T) {
	b := place(t, "media: a load balancer")
	chart := b.scaffold(false)
	b.makeNamespace()
	address := b.freeAddress()
	if address == "" {
		b.Skip("nobody in this cluster gives Services of type LoadBalancer an address")
	}
	values := b.values(fmt.Sprintf("media: {type: LoadBalancer, address: %s}\nconfig: {rtc: {tcp_port: 7881, "+
		"udp_port: 7882}}", address))
	r := b.mustPass(chart, direct, "--reuse", "-f", values)
	if _, detail := r.check("calls"); !contains(detail, "over udp at "+address+":7882",
		"over tcp at "+address+":7881") {
		b.Errorf("media did not go through the load balancer:\n%s", detail)
	}
}

// freeAddress asks for an address, and gives it back: the next one who asks gets it.
func (b *bench) freeAddress() string {
	b.Helper()
	b.apply("apiVersion: v1\nkind: Service\nmetadata: {name: asks}\nspec: {type: LoadBalancer, ports: [{port: 1}]}\n")
	services := s.cluster.CoreV1().Services(b.namespace)
	address := ""
	_ = wait.PollUntilContextTimeout(b.Context(), 300*time.Millisecond, 20*time.Second, true,
		func(ctx context.Context) (bool, error) {
			service, err := services.Get(ctx, "asks", meta.GetOptions{})
			if err != nil || len(service.Status.LoadBalancer.Ingress) == 0 {
				return false, nil
			}
			address = service.Status.LoadBalancer.Ingress[0].IP
			return true, nil
		})
	if err := services.Delete(b.Context(), "asks", meta.DeleteOptions{}); err != nil {
		b.Fatal(err)
	}
	return address
}
