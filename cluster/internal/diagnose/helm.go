package diagnose

import "strings"

// helmSigns are what Helm prints about a release that it cannot make: its own words, or
// those of the API server.
var helmSigns = compile([]sign{
	{portTaken,
		`spec\.ports\[\d+\]\.nodePort: Invalid value: (\d+): provided port is already allocated`,
		"the node port $1 is taken by another Service",
		"choose other ports (config.rtc.udp_port, config.rtc.tcp_port): kubectl get services -A shows who has it"},
	{"port-range",
		`nodePort: Invalid value: (\d+): provided port is not in the valid range\. ([^"\n]*)`,
		"the node port $1 is out of range: $2",
		"choose ports within the range (config.rtc.udp_port, config.rtc.tcp_port), or media.type HostNetwork"},
	{"crd-missing", `no matches for kind "([^"]+)" in version "([^"]+)"`,
		"the cluster does not know the kind $1 ($2)",
		"install what brings it, or leave the component out (ingress instead of httpRoute, metrics without " +
			"serviceMonitor)"},
	{"kube-version",
		`chart requires kubeVersion: ([^"\n]*?) which is incompatible with Kubernetes (\S+)`,
		"the chart wants Kubernetes $1, and the cluster is $2",
		"use a newer cluster"},
	{"values-schema", `(?s)values don't meet the specifications of the schema\(s\)[^\n]*\n(.*)`,
		"values do not fit the chart's schema: $1",
		"correct the values; helm livekit verify names their files"},
	{"dependency-missing", `found in Chart\.yaml, but missing in charts/ directory: ([^\n]*)`,
		"dependencies are not there: $1",
		"helm dependency build"},
	{"chart-refuses", `execution error at \(([^)]*)\): ([^\n]*)`,
		"the chart refuses these values: $2 ($1)",
		"do what the message says"},
	{"template-error", `(template: [^\n]*)`,
		"a template fails: $1",
		"correct the template, or the value that it reads"},
	{"immutable", `(\S+): Invalid value: .*field is immutable`,
		"$1 cannot be changed once it is there",
		"uninstall the release first, or keep the old value (names and labels make up the selector)"},
	{"owned-by-another", `(exists and cannot be imported into the current release[^\n]*)`,
		"an object of the chart is there already: $1",
		"choose another release name or namespace, or remove the object"},
	{"in-progress", `another operation \(install/upgrade/rollback\) is in progress`,
		"Helm was stopped in the middle of this release",
		"helm uninstall the release, or roll it back"},
	{"helm-test", `pod (\S+) failed`,
		"the chart's test failed in pod $1",
		"see the pod's log"},
})

// Helm says what a failed helm upgrade --install was about. It gives nothing where
// Helm's text says no more than that time was up: then the namespace tells.
func Helm(output string) []Finding {
	if f, ok := match(helmSigns, output); ok {
		f.Object, f.Final = "Release", true
		return []Finding{f}
	}
	if containsAny(output, "violates PodSecurity", "exceeded quota", "admission webhook") {
		return []Finding{refusal("Release", output)}
	}
	if strings.Contains(output, "is forbidden") {
		return []Finding{{Name: "forbidden", Object: "Release", Detail: oneLine(output), Final: true,
			Remedy: "get the right that the message names, or let somebody else install it"}}
	}
	if strings.Contains(output, "is invalid") {
		return []Finding{{Name: "invalid-object", Object: "Release", Detail: oneLine(output), Final: true,
			Remedy: "correct the value behind the field that the message names"}}
	}
	return nil
}
