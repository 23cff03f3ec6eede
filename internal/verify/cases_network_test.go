package verify

// networkCases change the ways to the server and to Redis.
var networkCases = []chartCase{
	{"address with a scheme", "redis", Fail, "has a scheme", []edit{
		{values, "127.0.0.1:6379", "redis://127.0.0.1:6379"},
	}},
	{"address without a port", "redis", Fail, "has no port", []edit{{values, "127.0.0.1:6379", "localhost"}}},
	{"address in a variable", "redis", Fail, "has a scheme", []edit{env("- name: REDIS_HOST\n  value: redis://x:1")}},
	{"no sidecar at the loopback address", "redis", Fail, "no Redis runs in the pod", []edit{noSidecar}},
	{"sidecar on another port", "redis", Fail, "container redis listens on 6380", []edit{
		{deployment, "args: [--bind, 127.0.0.1]", `args: [--bind, 127.0.0.1, --port, "6380"]`},
	}},
	{"sidecar that nobody uses", "redis", Warn, "nothing tells the server", []edit{noRedis}},
	{"plain sidecar", "redis", Warn, "starts beside the server", []edit{
		noSidecar,
		{deployment, "      containers:", "      containers:\n        - name: redis\n          image: redis:7.4.2"},
	}},
	{"replicas with a sidecar", "redis", Fail, "2 replicas", []edit{twoServers}},
	{"autoscaling with a sidecar", "redis", Fail, "up to 3 by HorizontalPodAutoscaler calls", []edit{hpa}},
	{"replicas without Redis", "redis", Fail, "without Redis", []edit{twoServers, noRedis, noSidecar}},
	{"replicas with a Redis elsewhere", "redis", Pass, "redis.example.com:6379", []edit{
		twoServers, noSidecar, {values, "127.0.0.1", "redis.example.com"},
	}},
	{"DaemonSet without Redis", "redis", Fail, "one a node", []edit{daemonSet, noReplicas, noRedis, noSidecar}},
	{"no Redis at all", "redis", Pass, "runs alone", []edit{noRedis, noSidecar}},
	{"Redis open on the node", "redis", Warn, "open on the node", []edit{
		hostNetwork, {deployment, "          args: [--bind, 127.0.0.1]\n", ""},
	}},
	{"port that the Redis Service has not", "redis", Fail, "which Service cache does not have", []edit{
		{values, "127.0.0.1:6379", "cache:6380"},
		file("templates/cache.yaml", `
apiVersion: v1
kind: Service
metadata: {name: cache}
spec: {selector: {app: calls}, ports: [{port: 6379}]}
`),
	}},
	{"Redis at the loopback address of the node", "redis", Pass, "uses Redis at 127.0.0.1:6379", []edit{
		hostNetwork, noSidecar,
	}},
	{"Redis whose address a Secret has", "redis", Pass, "an address that the chart does not show", []edit{
		noRedis, env("- name: REDIS_HOST\n  valueFrom: {secretKeyRef: {name: redis, key: host}}"),
	}},
	{"exporter that is no Redis", "redis", Fail, "no Redis runs in the pod", []edit{
		{deployment, "redis:7.4.2-alpine", "oliver006/redis_exporter:v1.62.0"},
	}},
	{"Valkey beside the server", "redis", Pass, "", []edit{{deployment, "redis:7.4.2-alpine", "valkey/valkey:8.0.1"}}},

	{"selector of nothing", "service", Fail, "Service calls selects no pod", []edit{
		{services, "app: calls", "app: other"},
	}},
	{"target that is not open", "service", Fail, "leads to web/TCP", []edit{
		{services, "targetPort: http", "targetPort: web"},
	}},
	{"no Service for signalling", "service", Fail, "No Service leads to the signalling port 7880/TCP", []edit{
		{services, "targetPort: http", "targetPort: rtc-tcp"},
	}},
	{"a server at its loopback address", "service", Fail, "which neither Services nor probes reach", []edit{
		configKey("bind_addresses: [127.0.0.1]"),
	}},
	{"a server at all addresses", "service", Pass, "", []edit{configKey("bind_addresses: [127.0.0.1, 0.0.0.0]")}},
	{"Service that catches the test's pod", "service", Warn,
		"Service calls-media selects the pods of Pod calls-test as well", []edit{
			{"templates/test.yaml", "  annotations:", "  labels: {app: calls}\n  annotations:"},
			{services, "targetPort: rtc-tcp", "targetPort: 30881"},
		}},
	{"Service that leads to no port of the test's pod", "service", Pass, "leads to the signalling port", []edit{
		{"templates/test.yaml", "  annotations:", "  labels: {app: calls}\n  annotations:"},
	}},
	{"budget that counts the test's pod", "service", Warn, "PodDisruptionBudget calls selects the pods of Pod", []edit{
		{"templates/test.yaml", "  annotations:", "  labels: {app: calls}\n  annotations:"},
		file("templates/pdb.yaml", `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: calls}
spec: {maxUnavailable: 1, selector: {matchExpressions: [{key: app, operator: Exists}]}}
`),
	}},
	{"Service of others", "service", Pass, "", []edit{
		file("templates/ext.yaml", `
apiVersion: v1
kind: Service
metadata: {name: ext}
spec: {type: ExternalName, externalName: redis.example.com}
`),
	}},
	{"node port of another Service, by the other protocol", "service", Fail,
		"Services beside and calls-media both have node port 30882", []edit{file("templates/beside.yaml", `
apiVersion: v1
kind: Service
metadata: {name: beside}
spec: {type: NodePort, selector: {app: calls}, ports: [{port: 7880, nodePort: 30882}]}
`)}},
	{"node port of the other protocol, by one Service", "service", Pass, "", []edit{
		{services, "nodePort: 30881", "nodePort: 30882"},
	}},
	{"target that the configuration opens", "service", Pass, "", []edit{
		{deployment, "            - name: rtc-tcp\n              containerPort: 30881\n", ""},
		{services, "targetPort: rtc-tcp", "targetPort: 30881"},
	}},

	{"swapped protocols", "ports", Fail, "rtc-udp 30882/TCP: the server listens there with UDP", []edit{
		{deployment, `              containerPort: 30882
              protocol: UDP`, "              containerPort: 30882"},
	}},
	{"port that is not the configuration's", "ports", Fail, "http 8080/TCP: the server does not listen there", []edit{
		{deployment, "containerPort: 7880", "containerPort: 8080"},
	}},
	{"other port outside", "ports", Fail, "tells clients its own port, 30882", []edit{
		{services, "port: 30882", "port: 3478"},
	}},
	{"no known ports", "ports", Fail, "rtc.udp_port", []edit{{values, "30882", "many"}}},
	{"ports by a variable", "ports", Fail, "http 7880/TCP", []edit{env("- name: LIVEKIT_PORT\n  value: '7000'")}},
	{"Service to the Redis sidecar", "ports", Pass, "agree with the configuration", []edit{
		file("templates/redis.yaml", `
apiVersion: v1
kind: Service
metadata: {name: redis}
spec: {selector: {app: calls}, ports: [{port: 6379}]}
`),
	}},
	{"Service to a port that nobody opens", "ports", Fail,
		"leads to 9000/TCP: the server does not listen there", []edit{
			{services, "    - name: http\n", "    - {name: web, port: 9000}\n    - name: http\n"},
		}},
	{"ports of a configuration of others", "ports", Skip, "not the chart's own", []edit{
		othersConfig,
	}},

	{"ClusterIP", "media", Fail, "inside the cluster only", []edit{
		mediaType("ClusterIP"), noTCPNodePort, noUDPNodePort,
	}},
	{"ClusterIP on purpose", "media", Pass, "as the values say", []edit{
		value("media: {type: ClusterIP}"),
		{services, "type: NodePort", "type: {{ .Values.media.type }}"},
		noTCPNodePort,
		noUDPNodePort,
	}},
	{"node port by chance", "media", Fail, "by chance", []edit{noTCPNodePort, noUDPNodePort}},
	{"other node port", "media", Warn, "has node port 31000", []edit{{services, "nodePort: 30882", "nodePort: 31000"}}},
	{"LoadBalancer", "media", Pass, "LoadBalancer Service calls-media", []edit{mediaType("LoadBalancer")}},
	{"hostNetwork", "media", Pass, "the node's network", []edit{
		hostNetwork, mediaType("ClusterIP"), noTCPNodePort, noUDPNodePort,
	}},
	{"host port", "media", Pass, "a host port", []edit{
		{deployment, "containerPort: 30882", "containerPort: 30882\n              hostPort: 30882"},
		{services, "nodePort: 30882", "nodePort: 31000"},
	}},
	{"UDPRoute", "media", Pass, "Service calls-media", []edit{
		mediaType("ClusterIP"),
		noTCPNodePort,
		noUDPNodePort,
		file("templates/route.yaml", `
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: UDPRoute
metadata: {name: r}
spec: {rules: [{backendRefs: [{name: calls-media}]}]}
`),
	}},
	{"TLSRoute", "turn", Pass, "", []edit{
		turn("domain: t.example.com, tls_port: 5349, " + certificate), turnService("8443"),
		file("templates/route.yaml", `
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: r}
spec: {parentRefs: [{name: gateway}], hostnames: [t.example.com], rules: [{backendRefs: [{name: turn, port: 8443}]}]}
`),
	}},
	{"Route of OpenShift", "ingress", Pass, "2 routes", []edit{openShiftRoute("calls", "http",
		"tls: {termination: edge}")}},
	{"Route without TLS", "ingress", Warn, "Route r has no TLS", []edit{openShiftRoute("calls", "http", "")}},
	{"Route to media", "ingress", Fail, "leads to the media port", []edit{
		openShiftRoute("calls-media", "rtc-tcp", "tls: {termination: edge}"),
	}},
	{"Route to nothing", "ingress", Fail, "which the chart does not make", []edit{
		openShiftRoute("other", "http", "tls: {termination: edge}"),
	}},
	{"no media over TCP", "media", Warn, "over UDP alone", []edit{{values, "tcp_port: 30881", "tcp_port: 0"}}},
	{"a range that two Services open", "media", Pass, "reachable from outside", []edit{
		{values, "udp_port: 30882", "port_range_start: 30882\n    port_range_end: 30883"},
		file("templates/second.yaml", `
apiVersion: v1
kind: Service
metadata: {name: second}
spec:
  type: NodePort
  selector: {app: calls}
  ports: [{name: b, protocol: UDP, port: 30883, targetPort: 30883, nodePort: 30883}]
`),
	}},
	{"a range of which a Service opens a part", "media", Warn, "opens 1 of its 11 ports", []edit{
		{values, "udp_port: 30882", "port_range_start: 30882\n    port_range_end: 30892"},
	}},
	{"other host port", "media", Fail, "host port 31882 is not the port that clients are told", []edit{
		{deployment, "containerPort: 30882", "containerPort: 30882\n              hostPort: 31882"},
		mediaType("ClusterIP"), noTCPNodePort, noUDPNodePort,
	}},
	{"external address", "media", Pass, "ClusterIP Service calls-media", []edit{
		mediaType("ClusterIP"), noTCPNodePort, noUDPNodePort,
		{services, "type: ClusterIP", "externalIPs: [203.0.113.5]"},
	}},
	{"no media port", "media", Fail, "no media port", []edit{
		rtc("force_tcp: true"), {values, "tcp_port: 30881", "tcp_port: 0"},
	}},

	{"address that is an example", "node-ip", Warn, "192.0.2.10, an example", []edit{nodeIP("value: 192.0.2.10")}},
	{"address that a shell finds", "node-ip", Pass, "what the shell makes", []edit{shell("--node-ip $(cat /ip)")}},
	{"STUN behind a policy", "node-ip", Fail, "NetworkPolicy shut lets nothing out", []edit{
		stun, noNodeIP, policy("{to: [{podSelector: {}}]}"),
	}},
	{"STUN behind a policy for names alone", "node-ip", Fail, "NetworkPolicy shut", []edit{
		stun, noNodeIP, policy("{ports: [{protocol: UDP, port: 53}]}"),
	}},
	{"STUN behind a policy without types", "node-ip", Fail, "NetworkPolicy shut", []edit{
		stun,
		noNodeIP,
		file("templates/policy.yaml", `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shut}
spec: {podSelector: {}, egress: [{ports: [{protocol: TCP, port: 443}]}]}
`),
	}},
	{"STUN behind a policy for a private network", "node-ip", Fail, "NetworkPolicy shut", []edit{
		stun, noNodeIP, policy("{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}"),
	}},
	{"STUN behind a policy for another port", "node-ip", Fail, "NetworkPolicy shut", []edit{
		stun, noNodeIP, policy("{ports: [{protocol: UDP, port: 443}]}"),
	}},
	{"STUN through a policy for many ports", "node-ip", Pass, "STUN", []edit{
		stun, noNodeIP, policy("{ports: [{protocol: UDP, port: 53, endPort: 65000}]}"),
	}},
	{"STUN and a policy for other pods", "node-ip", Pass, "STUN", []edit{
		stun,
		noNodeIP,
		file("templates/policy.yaml", `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shut}
spec: {podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [calls]}]}, policyTypes: [Egress]}
`),
	}},
	{"STUN and a policy for what comes in", "node-ip", Pass, "STUN", []edit{
		stun,
		noNodeIP,
		file("templates/policy.yaml", `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shut}
spec: {podSelector: {}, policyTypes: [Ingress]}
`),
	}},
	{"link-local address", "node-ip", Fail, "which no client reaches", []edit{nodeIP("value: 169.254.1.1")}},
	{"STUN through a policy", "node-ip", Pass, "STUN", []edit{
		stun, noNodeIP, policy("{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}"),
	}},
	{"pod's address", "node-ip", Fail, "status.podIP", []edit{podIP}},
	{"pod's address by a flag", "node-ip", Fail, "--node-ip is the pod's address", []edit{
		{deployment, "- name: NODE_IP", "- name: POD_IP"}, podIP, args("--node-ip=$(POD_IP)"),
	}},
	{"pod's address with hostNetwork", "node-ip", Pass, "", []edit{hostNetwork, podIP}},
	{"two addresses of one family", "node-ip", Fail, "two addresses of one family", []edit{
		nodeIP("value: 203.0.113.5,203.0.113.6"),
	}},
	{"no address", "node-ip", Fail, "no address is set", []edit{noNodeIP}},
	{"STUN", "node-ip", Pass, "STUN", []edit{noNodeIP, rtc("use_external_ip: true")}},
	{"STUN and an address", "node-ip", Fail, "ignores NODE_IP", []edit{rtc("use_external_ip: true")}},
	{"fixed address", "node-ip", Pass, "203.0.113.5", []edit{nodeIP("value: 203.0.113.5")}},
	{"address that is a name", "node-ip", Fail, "no IP address", []edit{nodeIP("value: calls.home.test")}},
	{"node's address behind a load balancer", "node-ip", Warn, "LoadBalancer Service calls-media", []edit{
		mediaType("LoadBalancer"),
	}},
	{"pod's address inside the cluster", "node-ip", Pass, "for media inside the cluster", []edit{
		podIP, value("rtc: {type: ClusterIP}"), {config, "kind:", "# {{ .Values.rtc.type }}\nkind:"},
	}},
	{"own address with hostNetwork", "node-ip", Pass, "its own with hostNetwork", []edit{hostNetwork, noNodeIP}},
	{"two fixed addresses", "node-ip", Pass, "203.0.113.5,2001:db8::5", []edit{
		nodeIP("value: 203.0.113.5,2001:db8::5"),
	}},
	{"address of the configuration", "node-ip", Pass, "rtc.node_ip is the fixed address", []edit{
		noNodeIP, rtc("node_ip: 203.0.113.5"),
	}},

	{"several servers on a NodePort", "servers", Fail,
		"sends what comes to a node to any of several servers (2 replicas)", []edit{
			twoServers,
		}},
	{"several servers on a local NodePort", "servers", Warn, "on one node would share its port", []edit{
		twoServers, local,
	}},
	{"several servers that are kept apart", "servers", Pass, "Several servers (2 replicas)", []edit{
		twoServers, local, apart, emptyDir, noClaimFile,
	}},
	{"several servers and a claim for one node", "servers", Warn, "claim calls is for one node at a time", []edit{
		twoServers, local, apart,
	}},
	{"several servers behind a load balancer", "servers", Fail,
		"LoadBalancer Service calls-media has one address", []edit{
			twoServers,
			mediaType("LoadBalancer"),
		}},
	{"autoscaled servers on the nodes' network", "servers", Warn,
		"up to 3 by HorizontalPodAutoscaler calls) on ports of the node", []edit{
			hpa,
			hostNetwork,
		}},
	{"servers scaled by KEDA on the nodes' network", "servers", Warn,
		"up to 100 by ScaledObject calls) on ports of the node", []edit{
			keda,
			hostNetwork,
		}},
	{"a server on each node", "servers", Pass, "one a node", []edit{
		daemonSet, noReplicas, hostNetwork, emptyDir, noClaimFile,
	}},
	{"several servers at one fixed address", "servers", Fail, "the one address of NODE_IP", []edit{
		twoServers, hostNetwork, nodeIP("value: 203.0.113.5"),
	}},
	{"several servers, each with a load balancer", "servers", Pass, "each with a way of its own", numbered},
	{"several servers, each with a load balancer: address", "node-ip", Pass, "fixed address 203.0.113.7", numbered},
	{"several servers, each with a load balancer: Services", "service", Pass, "leads to the signalling port", numbered},
	{"a number that only a StatefulSet has", "service", Fail, "Service calls-media selects no pod", numbered[1:]},
	{"one server behind a load balancer", "servers", Pass, "One server", []edit{mediaType("LoadBalancer")}},
	{"several servers kept apart by affinity", "servers", Pass, "Several servers (2 replicas)", []edit{
		twoServers, local, emptyDir, noClaimFile,
		pod(`affinity:
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname}]`),
	}},
	{"autoscaler by what nobody requests", "servers", Fail, "container redis requests none", []edit{hpa}},
	{"autoscaler by what all request", "servers", Warn, "on one node would share its port", []edit{
		hpa, local,
		before(deployment, "          args: [--bind", "resources: {limits: {cpu: 1}}"),
		{deployment, "- name: livekit\n", "- name: livekit\n          resources: {requests: {cpu: 1}}\n"},
	}},
	{"autoscaler of another workload", "servers", Pass, "One server", []edit{
		hpa, {"templates/hpa.yaml", "kind: Deployment, name: calls", "kind: Deployment, name: other"},
	}},

	{"TURN over UDP that nobody reaches", "turn", Warn, "3478/UDP is not reachable from outside", []edit{
		turn("udp_port: 3478, domain: t.example.com"),
	}},
	{"TURN over UDP on the node", "turn", Pass, "Clients reach TURN", []edit{
		turn("udp_port: 3478, domain: t.example.com"), hostNetwork,
	}},
	{"TURN over TLS at another port", "turn", Warn, "told port 443 of t.example.com", []edit{
		turn("tls_port: 5349, domain: t.example.com, external_tls: true"),
	}},
	{"TURN over TLS at port 5349 of a Service", "turn", Warn, "Service turn has it at port 5349", []edit{
		turn("tls_port: 5349, domain: t.example.com, external_tls: true"), turnService("5349"),
	}},
	{"TURN over TLS inside the cluster", "turn", Warn, "ClusterIP Service turn has it at port 443", []edit{
		turn("tls_port: 5349, domain: t.example.com, " + certificate),
		file("templates/turn.yaml", `
apiVersion: v1
kind: Service
metadata: {name: turn}
spec: {selector: {app: calls}, ports: [{port: 443, targetPort: 5349}]}
`),
	}},
	{"TURN over TLS on a NodePort", "turn", Warn, "at port 30443 of the nodes", []edit{
		turn("tls_port: 5349, domain: t.example.com, " + certificate),
		file("templates/turn.yaml", `
apiVersion: v1
kind: Service
metadata: {name: turn}
spec: {type: NodePort, selector: {app: calls}, ports: [{port: 443, nodePort: 30443, targetPort: 5349}]}
`),
	}},
	{"TURN over TLS at a host port", "turn", Pass, "Clients reach TURN", []edit{
		turn("tls_port: 443, domain: t.example.com, external_tls: true"),
		{deployment, "            - name: rtc-tcp", `            - name: turn
              containerPort: 443
              hostPort: 443
            - name: rtc-tcp`},
	}},
	{"TURN with a certificate on no volume", "turn", Fail,
		"turn.cert_file is /nowhere/tls.crt, a file that no volume holds", []edit{
			turn("tls_port: 5349, domain: t.example.com, cert_file: /nowhere/tls.crt, key_file: /nowhere/tls.key"),
			turnService("443"),
		}},
	{"TURN with a certificate that the server may not read", "turn", Fail, "turn.key_file (entry livekit.yaml", []edit{
		turn("tls_port: 5349, domain: t.example.com, " + certificate), turnService("443"),
		{deployment, "          configMap:\n", "          configMap:\n            defaultMode: 0400\n"},
		{deployment, "runAsUser: 65532", "runAsUser: 65532\n        runAsGroup: 65532"},
	}},
	{"TURN with a certificate and no key", "turn", Fail, "no turn.key_file", []edit{
		turn("tls_port: 5349, domain: t.example.com, cert_file: /etc/livekit/livekit.yaml"), turnService("443"),
	}},
	{"TURN over TLS at port 443", "turn", Pass, "Clients reach TURN", []edit{
		turn("tls_port: 5349, domain: t.example.com, external_tls: true"), turnService("443"),
	}},
	{"TURN that refuses private nodes", "turn", Warn, "refuses private addresses", []edit{
		configKey("turn: {enabled: true, udp_port: 3478, domain: t.example.com}"), hostNetwork,
	}},
	{"TURN of an older server", "turn", Pass, "Clients reach TURN", []edit{
		configKey("turn: {enabled: true, udp_port: 3478, domain: t.example.com}"),
		hostNetwork,
		{values, "v1.13.5", "v1.9.12"},
	}},
	{"TURN without a domain", "turn", Fail, "no turn.domain", []edit{
		turn("tls_port: 5349, external_tls: true"), turnService("443"),
	}},
	{"TURN without a certificate", "turn", Fail, "no certificate", []edit{
		turn("tls_port: 5349, domain: t.example.com"),
	}},
	{"TURN with a key and no certificate", "turn", Fail, "no turn.cert_file", []edit{
		turn("tls_port: 5349, domain: t.example.com, key_file: /etc/livekit/livekit.yaml"), turnService("443"),
	}},
	{"TURN with the certificate of a flag", "turn", Pass, "Clients reach TURN", []edit{
		turn("tls_port: 5349, domain: t.example.com, key_file: /etc/livekit/livekit.yaml"), turnService("443"),
		args("--turn-cert=/etc/livekit/livekit.yaml"),
	}},
	{"TURN that relays to a public address", "turn", Pass, "Clients reach TURN", []edit{
		configKey("turn: {enabled: true, udp_port: 3478, domain: t.example.com}"),
		hostNetwork,
		nodeIP("value: 203.0.113.5"),
	}},
	{"no TURN", "turn", Pass, "TURN is off", nil},

	{"Redis by a name of the cluster, on the node's network", "dns", Fail, "does not know the Service cache", []edit{
		hostNetwork, {values, "127.0.0.1:6379", "cache:6379"},
	}},
	{"the cluster's DNS on the node's network", "dns", Pass, "asks the cluster's DNS", []edit{
		pod("hostNetwork: true\ndnsPolicy: ClusterFirstWithHostNet"),
		{values, "127.0.0.1:6379", "cache.other.svc:6379"},
	}},
	{"Redis elsewhere, on the node's network", "dns", Pass, "", []edit{
		hostNetwork, {values, "127.0.0.1:6379", "redis.example.com:6379"},
	}},
	{"Redis' sentinels by names of the cluster", "dns", Fail, "the Service sentinel", []edit{
		hostNetwork, {values, "    address: 127.0.0.1:6379", "    sentinel_addresses: [sentinel:26379]"},
	}},
	{"Redis of the chart, on the node's network", "dns", Fail, "the Service cache.media", []edit{
		hostNetwork, {values, "127.0.0.1:6379", "cache.media:6379"},
		file("templates/cache.yaml", `
apiVersion: v1
kind: Service
metadata: {name: cache}
spec: {selector: {app: calls}, ports: [{port: 6379}]}
`),
	}},

	{"no TLS", "ingress", Warn, "no TLS", []edit{noTLS}},
	{"certificate of the load balancer", "ingress", Pass, "", []edit{
		noTLS,
		{ingressFile, "  name: calls", "  name: calls\n  annotations: {alb.ingress.kubernetes.io/certificate-arn: x}"},
	}},
	{"host that nobody has", "ingress", Warn, "livekit.example.com, a placeholder", []edit{
		{values, "host: calls.home.test", "host: livekit.example.com"},
	}},
	{"certificate for another host", "ingress", Warn, "no certificate is for host calls.home.test", []edit{
		{ingressFile, "- {{ .Values.host }}\n", "- other.home.test\n"},
	}},
	{"no host", "ingress", Warn, "without a host", []edit{
		{ingressFile, "host: {{ .Values.host }}\n      http", "http"},
	}},
	{"backend that is not there", "ingress", Fail, "Service other, which the chart does not make", []edit{
		{ingressFile, "name: calls\n                port", "name: other\n                port"},
	}},
	{"backend port that is not there", "ingress", Fail, "port web of Service calls", []edit{
		{ingressFile, "name: http", "name: web"},
	}},
	{"backend that speaks no HTTP", "ingress", Fail, "media port 30881/TCP", []edit{
		{ingressFile, `name: calls
                port:
                  name: http`, `name: calls-media
                port:
                  name: rtc-tcp`},
	}},
	{"no Ingress", "ingress", Skip, "no Ingress", []edit{
		file(ingressFile, "\n"), {values, "host: calls.home.test\n", ""},
	}},
	{"HTTPRoute", "ingress", Fail, "port 81 of Service calls", []edit{
		file(ingressFile, `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec: {parentRefs: [{name: g}], hostnames: ['{{ .Values.host }}'], rules: [{backendRefs: [{name: calls, port: 81}]}]}
`),
	}},
	{"certificate for all hosts of a domain", "ingress", Pass, "1 route", []edit{
		{ingressFile, "- {{ .Values.host }}\n", "- \"*.home.test\"\n"},
	}},
	{"certificate for hosts one level up", "ingress", Warn, "no certificate is for host", []edit{
		{ingressFile, "- {{ .Values.host }}\n", "- \"*.com\"\n"},
	}},
	{"default backend that is not there", "ingress", Fail, "Service other", []edit{
		{ingressFile, "  rules:", "  defaultBackend: {service: {name: other, port: {number: 80}}}\n  rules:"},
	}},
	{"HTTPRoute without a host", "ingress", Warn, "HTTPRoute r has no host", []edit{
		file("templates/route.yaml", `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec: {parentRefs: [{name: g}], rules: [{backendRefs: [{name: calls, port: 80}]}]}
`),
	}},
	{"HTTPRoute to another namespace", "ingress", Pass, "2 routes", []edit{
		file("templates/route.yaml", `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [{name: g}]
  hostnames: [a.home.test]
  rules: [{backendRefs: [{name: far, namespace: away, port: 80}]}]
`),
	}},

	{"service links", "service-links", Warn, "has service links", []edit{serviceLinks}},
	{"service links that collide", "service-links", Fail, "LIVEKIT_PORT=tcp://", []edit{
		serviceLinks,
		{services, "name: calls\n", "name: livekit\n"},
		{ingressFile, "name: calls\n                port", "name: livekit\n                port"},
	}},
	{"Service called livekit without service links", "service-links", Pass, "enableServiceLinks is false", []edit{
		{services, "name: calls\n", "name: livekit\n"},
		{ingressFile, "name: calls\n                port", "name: livekit\n                port"},
	}},
}
