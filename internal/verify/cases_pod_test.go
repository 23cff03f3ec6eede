package verify

import "strings"

// podCases change how the pod is run.
var podCases = []chartCase{
	{"claim that nobody mounts", "persistence", Fail, "Claim calls is mounted by no pod", []edit{emptyDir}},
	{"claim that is not there", "persistence", Fail, "claim calls, which the chart does not make", []edit{noClaimFile}},
	{"claim of the user", "persistence", Pass, "", []edit{
		noClaimFile,
		value("existingClaim: calls"),
		{deployment, "claimName: calls", "claimName: {{ .Values.existingClaim }}"},
	}},
	{"claim for the server alone", "persistence", Warn, "writes nothing", []edit{noDataMount, mount("data")}},
	{"claim that no container mounts", "persistence", Fail, "no container mounts", []edit{noDataMount}},
	{"no claim", "persistence", Skip, "needs none", []edit{emptyDir, noClaimFile}},
	{"claim of a test", "persistence", Skip, "needs none", []edit{
		emptyDir, {claim, "  name: calls\n", "  name: calls\n  annotations: {helm.sh/hook: test}\n"},
	}},

	{"floating tag", "image-tags", Fail, "floating tag master", []edit{{values, "v1.13.5", "master"}}},
	{"no tag", "image-tags", Fail, "has no tag", []edit{
		{deployment, "redis:7.4.2-alpine", "registry.example.com:5000/redis"},
	}},
	{"digest", "image-tags", Pass, "", []edit{
		{values, "livekit-server:v1.13.5", "livekit-server@sha256:" + strings.Repeat("0123456789abcdef", 4)},
	}},
	{"tag that moves on", "image-tags", Pass,
		"livekit/livekit-server:v1.13.5; moving on with each release of a version: redis:7.4-alpine",
		[]edit{{deployment, "redis:7.4.2-alpine", "redis:7.4-alpine"}}},
	{"tags that are no versions", "image-tags", Pass, "Every image has a fixed tag", []edit{
		{values, "v1.13.5", "20260102"},
	}},
	{"hook without a tag", "image-tags", Warn, "Pod calls-test", []edit{
		{"templates/test.yaml", "busybox:1.37.0", "busybox"},
	}},
	{"digest after a floating tag", "image-tags", Pass, "", []edit{
		{values, "livekit-server:v1.13.5", "livekit-server:latest@sha256:" + strings.Repeat("0123456789abcdef", 4)},
	}},

	{"no probes", "probes", Warn, "no probes", []edit{noLiveness, noReadiness}},
	{"no readiness", "probes", Warn, "no readiness probe", []edit{noReadiness}},
	{"path that the server has not", "probes", Fail, "404", []edit{{deployment, "path: /\n", "path: /health\n"}}},
	{"liveness by Redis", "probes", Warn, "while Redis is away", []edit{
		{deployment, "tcpSocket:\n", "httpGet:\n              path: /\n"},
	}},
	{"path with a query", "probes", Pass, "Probes are set", []edit{
		{deployment, "path: /\n", "path: /?from=kubelet\n"},
	}},
	{"path of another port", "probes", Pass, "", []edit{
		{deployment, "path: /\n              port: http", "path: /health\n              port: 9000"},
	}},
	{"liveness by HTTP without Redis", "probes", Pass, "", []edit{
		noRedis, noSidecar, {deployment, "tcpSocket:\n", "httpGet:\n              path: /\n"},
	}},

	{"root", "security", Warn, "runs as root", []edit{
		{deployment, "        runAsNonRoot: true\n        runAsUser: 65532\n", "        fsGroup: 1\n"},
	}},
	{"privileged", "security", Warn, "is privileged", []edit{
		{deployment, `        - name: livekit
`, `        - name: livekit
          securityContext: {privileged: true}
`},
	}},
	{"user of the container", "security", Pass, "without privileges", []edit{
		{deployment, "        runAsNonRoot: true\n        runAsUser: 65532\n", "        fsGroup: 1\n"},
		containerUser("1000"),
	}},
	{"root in the container alone", "security", Warn, "runs as root", []edit{
		containerUser("0"),
	}},
	{"no user, but not root", "security", Pass, "", []edit{{deployment, "        runAsUser: 65532\n", ""}}},

	{"short grace", "grace-period", Warn, "is 30", []edit{
		{deployment, "      terminationGracePeriodSeconds: 18000\n", ""},
	}},
	{"a minute's grace", "grace-period", Pass, "60 seconds", []edit{
		{deployment, "terminationGracePeriodSeconds: 18000", "terminationGracePeriodSeconds: 60"},
	}},
	{"just below a minute", "grace-period", Warn, "is 59", []edit{
		{deployment, "terminationGracePeriodSeconds: 18000", "terminationGracePeriodSeconds: 59"},
	}},

	{"surge with a claim", "rollout", Warn, "the claim calls (ReadWriteOnce)", []edit{noStrategy}},
	{"surge with host ports", "rollout", Warn, "ports of the node", []edit{
		{deployment, "type: Recreate", "rollingUpdate: {maxSurge: 1}"}, hostNetwork,
	}},
	{"no surge", "rollout", Pass, "", []edit{
		{deployment, "type: Recreate", "rollingUpdate: {maxSurge: 0, maxUnavailable: 1}"},
	}},
	{"surge with a claim for many nodes", "rollout", Pass, "", []edit{
		noStrategy, {claim, "ReadWriteOnce", "ReadWriteMany"},
	}},
	{"surge of none in percent", "rollout", Pass, "", []edit{
		{deployment, "type: Recreate", "rollingUpdate: {maxSurge: 0%, maxUnavailable: 1}"},
	}},

	{"no checksum", "checksum", Warn, "rolls no pod", []edit{
		noChecksum,
	}},
	{"reloader", "checksum", Pass, "", []edit{
		{deployment, "checksum/config: {{ toYaml .Values.config | sha256sum }}", `reloader.stakater.com/auto: "true"`},
	}},
	{"configuration in the pod", "checksum", Pass, "stands in the pod", []edit{
		noChecksum, env("- name: LIVEKIT_CONFIG\n  value: 'port: 7880'"),
	}},
	{"no configuration", "checksum", Pass, "no configuration to be read again", []edit{noChecksum, noArgs}},
	{"checksum of a configuration of others", "checksum", Skip, "not the chart's own", []edit{
		noChecksum, othersConfig,
	}},

	{"no test", "test-hook", Skip, "no test hook", []edit{file("templates/test.yaml", "\n")}},
	{"a test", "test-hook", Pass, "`helm test` runs Pod calls-test", nil},
	{"a hook that is no test", "test-hook", Skip, "no test hook", []edit{
		{"templates/test.yaml", "helm.sh/hook: test", "helm.sh/hook: post-install"},
	}},
}
