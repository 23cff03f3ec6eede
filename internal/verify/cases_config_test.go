package verify

import "strings"

// configCases change what the server is given: configuration, flags, variables, keys.
var configCases = []chartCase{
	{"mistyped key", "config", Fail, "rtc.udpport is not a key", []edit{{values, "udp_port", "udpport"}}},
	{"mistyped key with lax parsing", "config", Warn, "rtc.udpport", []edit{
		{values, "udp_port", "udpport"}, args("--disable-strict-config"),
	}},
	{"configuration that is no YAML", "config", Fail, "is no YAML", []edit{
		{config, "{{- toYaml .Values.config | nindent 4 }}", "port: {{ len .Values.config }}: 1"},
	}},
	{"file that is not mounted", "config", Fail, "a file that no volume holds", []edit{
		{deployment, "--config=/etc/livekit/", "--config=/etc/"},
	}},
	{"file that is not in the ConfigMap", "config", Fail, "entry config.yaml of ConfigMap calls", []edit{
		{deployment, "livekit.yaml", "config.yaml"},
	}},
	{"configuration that is not passed", "config", Fail, "neither --config nor LIVEKIT_CONFIG", []edit{
		noArgs,
	}},
	{"configuration of others", "config", Skip, "ConfigMap mine", []edit{
		othersConfig,
	}},
	{"configuration in a variable", "config", Fail, "portt is not a key", []edit{
		env(`- name: LIVEKIT_CONFIG
  value: 'portt: 1'`),
	}},
	{"configuration in a Secret", "config", Fail, "portt is not a key", []edit{
		env(`- name: LIVEKIT_CONFIG
  valueFrom: {secretKeyRef: {name: conf, key: c}}`),
		file("templates/s.yaml", `
apiVersion: v1
kind: Secret
metadata: {name: conf}
stringData: {c: 'portt: 1'}
`),
	}},
	{"shell variable", "config", Fail, "redis.username holds ${REDIS_USER}", []edit{
		{values, "  redis:", "  redis:\n    username: ${REDIS_USER}"},
	}},
	{"variable of a wrong type", "config", Fail, "port", []edit{
		env(`- name: LIVEKIT_PORT
  value: tcp://10.0.0.1:80`),
	}},
	{"one port and a range", "config", Fail, "rtc.udp_port is ignored", []edit{
		rtc("port_range_start: 50000\n    port_range_end: 50010"),
	}},
	{"configuration that a subPath mounts", "config", Pass, "takes the configuration", []edit{
		{
			deployment, "mountPath: /etc/livekit",
			"mountPath: /etc/livekit/livekit.yaml\n              subPath: livekit.yaml",
		},
	}},
	{"configuration under another name", "config", Pass, "takes the configuration", []edit{
		{deployment, "--config=/etc/livekit/livekit.yaml", "--config=/etc/livekit/config.yaml"},
		{deployment, "configMap:", "configMap:\n            items: [{key: livekit.yaml, path: config.yaml}]"},
	}},
	{"an older server", "config", Pass, "livekit-server v1.8.0 takes the configuration", []edit{
		{values, "livekit-server:v1.13.5", "livekit-server:v1.8.0"},
	}},
	{"a server by its digest", "config", Pass, "livekit-server v1.13.5 takes the configuration", []edit{
		{values, "livekit-server:v1.13.5", "livekit-server@sha256:" + strings.Repeat("0", 64)},
	}},
	{"a key of a later server", "config", Fail, "rtc.enable_warp is not a key of livekit-server v1.13.5 (known", []edit{
		rtc("enable_warp: true"),
	}},
	{"configuration that items leave out", "config", Fail, "volume config, which has no file livekit.yaml", []edit{
		{deployment, "configMap:", "configMap:\n            items: [{key: livekit.yaml, path: config.yaml}]"},
	}},
	{"configuration in a projected volume", "config", Fail, "portt is not a key", []edit{
		configKey("portt: 1"),
		{deployment, "configMap:\n            name: calls", projected},
	}},
	{"configuration in a volume of another kind", "config", Skip, "volume config", []edit{
		{deployment, "configMap:\n            name: calls", "emptyDir: {}"},
	}},
	{"configuration on the command line", "config", Fail, "portt is not a key", []edit{
		args(`"--config-body={portt: 1}"`),
	}},
	{"configuration of a variable that a Secret holds", "config", Skip, "entry c of Secret conf", []edit{
		env(`- name: LIVEKIT_CONFIG
  valueFrom: {secretKeyRef: {name: conf, key: c}}`),
	}},
	{"shell variable in key_file", "config", Pass, "", []edit{configKey("key_file: ${KEYS}/keys.yaml")}},
	{"configuration that is a list", "config", Fail, "it is no mapping", []edit{
		{config, "{{- toYaml .Values.config | nindent 4 }}", "- {{ len .Values.config }}"},
	}},

	{"webhook's key in a Secret", "config", Pass, "", []edit{
		configKey("webhook: {urls: [https://hooks.example.com]}"),
		env("- name: LIVEKIT_WEBHOOK_API_KEY\n  valueFrom: {secretKeyRef: {name: k, key: a}}"),
	}},
	{"webhook without a key", "config", Fail, "needs webhook.api_key", []edit{
		configKey("webhook: {urls: [https://hooks.example.com]}"),
	}},
	{"key of a newer server", "config", Warn, "which is judged by v1.13.", []edit{
		configKey("newthing: 1"), {values, "livekit-server:v1.13.5", "livekit-server:v1.99.0"},
	}},
	{"slip with a newer server", "config", Fail, "rtc.udpport is not a key", []edit{
		{values, "udp_port", "udpport"}, {values, "livekit-server:v1.13.5", "livekit-server:v1.99.0"},
	}},
	{"Kubernetes' variable in a file", "config", Fail, "redis.username holds $(REDIS_USER)", []edit{
		{values, "  redis:", "  redis:\n    username: $(REDIS_USER)"},
	}},
	{"nothing but a comment", "config", Fail, "nothing but comments or blanks: the server does not start", []edit{
		{config, "{{- toYaml .Values.config | nindent 4 }}", "# {{ len .Values.config }}"},
	}},
	{"numbers in quotes as keys", "config", Fail, "is below a number in quotes", []edit{
		configKey(`video: {stream_tracker_manager: {video: {bitrate_report_interval: {"0": 1s}}}}`),
	}},
	{"numbers as keys", "config", Pass, "", []edit{
		{config, "{{- toYaml .Values.config | nindent 4 }}",
			"video: {stream_tracker_manager: {video: {bitrate_report_interval: {0: {{ len .Values.config }}s}}}}"},
	}},
	{"file that is not there", "config", Fail, "secret_file is /s, a file that no volume holds", []edit{
		rtc("turn_servers: [{host: a.b, port: 1, secret_file: /s}]"),
	}},
	{"secret that others may read", "config", Fail, "has mode 0644: the server ends", []edit{
		rtc("turn_servers: [{host: a.b, port: 1, secret_file: /etc/livekit/livekit.yaml}]"),
	}},
	{"certificate of Redis that is not there", "config", Fail, "redis.tls.ca_cert_file is /ca.crt", []edit{
		{values, "  redis:", "  redis:\n    tls: {enabled: true, ca_cert_file: /ca.crt}"},
	}},
	{"certificate of Redis without TLS", "config", Pass, "", []edit{
		{values, "  redis:", "  redis:\n    tls: {ca_cert_file: /ca.crt}"},
	}},
	{"low port on the node's network", "ports", Fail, "rtc-tcp) on the node's network, and is not root", []edit{
		{values, "tcp_port: 30881", "tcp_port: 443"}, hostNetwork,
	}},
	{"low port on the node's network as root", "ports", Fail, "30881/TCP: the server does not listen there", []edit{
		{values, "tcp_port: 30881", "tcp_port: 443"}, hostNetwork, containerUser("0"),
	}},
	{"address that is a list", "node-ip", Fail, "rtc.node_ip is a list, expected a text", []edit{
		rtc("node_ip: ['']"), noNodeIP, hostNetwork,
	}},
	{"another command", "flags", Fail, "livekit-server ports is another command, and ends", []edit{args("ports")}},
	{"duration in nanoseconds", "env", Pass, "", []edit{
		env("- name: LIVEKIT_PSRPC_TIMEOUT\n  value: '5000000000'"),
	}},
	{"duration with a unit", "env", Fail, "takes whole nanoseconds there, and does not start", []edit{
		env("- name: LIVEKIT_PSRPC_TIMEOUT\n  value: 5s"),
	}},
	{"duration with a unit for a later server", "env", Pass, "", []edit{
		env("- name: LIVEKIT_PSRPC_TIMEOUT\n  value: 5s"), {values, "livekit-server:v1.13.5", "livekit-server:v1.13.8"},
	}},
	{"metrics", "config", Pass, "", []edit{configKey("prometheus: {port: 6789}")}},
	{"metrics that no container port declares", "ports", Pass, "metrics 6789/TCP", []edit{
		configKey("prometheus: {port: 6789}"),
	}},

	{"unknown flag", "flags", Fail, "no flag --rtc.port", []edit{args("--rtc.port=7881")}},
	{"unknown flag in a shell", "flags", Fail, "no flag --log.level", []edit{shell("--log.level=info")}},
	{"bind with a port", "flags", Fail, "--bind takes an address", []edit{args("--bind=0.0.0.0:7880")}},
	{"bind with an address", "flags", Pass, "", []edit{args("--bind=::")}},
	{"generated flags", "flags", Pass, "", []edit{
		args("--logging.level=debug", "--turn.enabled=false", "--room.empty_timeout", `"300"`),
	}},
	{"lax parsing", "flags", Warn, "--disable-strict-config", []edit{args("--disable-strict-config")}},
	{"development", "flags", Warn, "--dev", []edit{args("--dev")}},
	{"file and text", "flags", Warn, "LIVEKIT_CONFIG is set", []edit{
		env(`- name: LIVEKIT_CONFIG
  value: 'port: 7880'`),
	}},
	{"bind with a name", "flags", Pass, "", []edit{args("--bind=localhost")}},
	{"bind with a port after a colon", "flags", Fail, "not :7880", []edit{args("--bind", "\":7880\"")}},
	{"flag with its value apart", "flags", Pass, "", []edit{args("--node-ip", "203.0.113.5")}},

	{"variable of no key", "env", Warn, "LIVEKIT_RTC_PORT", []edit{env("- name: LIVEKIT_RTC_PORT\n  value: '1'")}},
	{"variable of a key", "env", Pass, "", []edit{env("- name: LIVEKIT_LOGGING_LEVEL\n  value: debug")}},
	{"variable that makes another", "env", Pass, "", []edit{
		env(`- name: LIVEKIT_API_KEY
  value: a
- name: OTHER
  value: $(LIVEKIT_API_KEY)`),
	}},
	{"variable of a missing entry", "env", Fail, "entry ip of ConfigMap calls", []edit{
		{deployment, `fieldRef:
                  fieldPath: status.hostIP`, "configMapKeyRef: {name: calls, key: ip}"},
	}},
	{"variables of a ConfigMap", "env", Warn, "does not read LIVEKIT_RTC_PORT", []edit{
		before(deployment, "          ports:", "envFrom: [{prefix: LIVEKIT_, configMapRef: {name: vars}}]"),
		file("templates/vars.yaml", `
apiVersion: v1
kind: ConfigMap
metadata: {name: vars}
data: {RTC_PORT: "1", LOG_LEVEL: debug}
`),
	}},
	{"variable that a shell reads", "env", Pass, "", []edit{
		shell("--node-ip ${LIVEKIT_IP}"), env("- name: LIVEKIT_IP\n  value: 203.0.113.5"),
	}},
	{"variable of the server's library", "env", Pass, "", []edit{
		env("- name: LIVEKIT_CPU_REQUEST\n  valueFrom: {resourceFieldRef: {resource: requests.cpu}}"),
	}},
	{"variable of others", "env", Pass, "", []edit{env("- name: TZ\n  value: UTC")}},

	{"no keys", "keys", Fail, "no API keys", []edit{
		keysEnv("value: x"), {deployment, "LIVEKIT_KEYS", "OTHER"}, {values, "keysSecret: calls-keys\n", ""},
	}},
	{"short secret", "keys", Fail, "has 9 characters", []edit{keysEnv("value: 'key: homesecre'")}},
	{"secret that is a number", "keys", Fail, "is no text", []edit{
		keysEnv("value: 'key: 12345678901234567890123456789012'"),
	}},
	{"keys without a space", "keys", Fail, "is not \"key: secret\"", []edit{keysEnv("value: key:secret")}},
	{"key file for all to read", "keys", Fail, "mode 0644", []edit{
		configKey("key_file: /keys/keys.yaml"), mount("keys"), volume("{name: keys, secret: {secretName: k}}"),
	}},
	{"key file that the server may not read", "keys", Fail, "it may not read the file", []edit{
		configKey("key_file: /keys/keys.yaml"), mount("keys"),
		volume("{name: keys, secret: {secretName: k, defaultMode: 0440}}"),
		{deployment, "runAsUser: 65532", "runAsUser: 65532\n        runAsGroup: 65532"},
	}},
	{"configuration that the server may not read", "config", Fail,
		"The configuration (entry livekit.yaml of ConfigMap calls) has mode 0440", []edit{
			{deployment, "          configMap:\n", "          configMap:\n            defaultMode: 0440\n"},
			{deployment, "runAsUser: 65532", "runAsUser: 65532\n        runAsGroup: 65532"},
		}},
	{"configuration for fsGroup", "config", Pass, "takes the configuration", []edit{
		{deployment, "          configMap:\n", "          configMap:\n            defaultMode: 0400\n"},
		{deployment, "runAsUser: 65532", "runAsUser: 65532\n        runAsGroup: 65532\n        fsGroup: 65532"},
	}},
	{"configuration for a user that the cluster assigns", "config", Pass, "takes the configuration", []edit{
		{deployment, "          configMap:\n", "          configMap:\n            defaultMode: 0440\n"},
		{deployment, "runAsUser: 65532", "runAsGroup: 65532"},
	}},
	{"key file of the server's group", "keys", Pass, "entry keys.yaml of Secret k", []edit{
		configKey("key_file: /keys/keys.yaml"), mount("keys"),
		volume("{name: keys, secret: {secretName: k, defaultMode: 0440}}"),
		{deployment, "runAsUser: 65532", "runAsUser: 65532\n        runAsGroup: 65532\n        fsGroup: 65532"},
	}},
	{"webhook's key that is not in the key file", "keys", Fail, "webhook.api_key is NOPE", []edit{
		configKey("webhook: {urls: [https://hooks.example.com], api_key: NOPE}\nkey_file: /keys/keys.yaml"),
		mount("keys"), volume("{name: keys, secret: {secretName: k, defaultMode: 0440}}"),
		file("templates/k.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: k}\n"+
			"stringData: {keys.yaml: 'a: "+secret+"'}\n"),
	}},
	{"key file by a variable", "keys", Pass, "entry keys.yaml of Secret k", []edit{
		configKey("key_file: ${FILES}/keys.yaml"), env("- name: FILES\n  value: /keys"),
		mount("keys"), volume("{name: keys, secret: {secretName: k, defaultMode: 0440}}"),
		{deployment, "runAsUser: 65532", "runAsUser: 65532\n        fsGroup: 65532"},
	}},
	{"secret of digits in the configuration", "keys", Pass, "come with the configuration", []edit{
		noKeys, {config, "{{- toYaml .Values.config | nindent 4 }}",
			"keys: {a: 12345678901234567890123456789{{ len .Values.config | add 100 }}}"},
	}},
	{"secret that is a list", "keys", Fail, "is no text: the server does not start", []edit{
		noKeys, configKey("keys: {a: [b]}"),
	}},
	{"key file", "keys", Pass, "entry keys.yaml of Secret k", []edit{
		configKey("key_file: /keys/keys.yaml"),
		mount("keys"),
		volume("{name: keys, secret: {secretName: k, defaultMode: 0440}}"),
	}},
	{"keys by an operator", "keys", Pass, "which an operator makes from OnePasswordItem calls-keys", []edit{
		file("templates/s.yaml", `
apiVersion: onepassword.com/v1
kind: OnePasswordItem
metadata: {name: calls-keys}
spec: {itemPath: vaults/a/items/b}
`),
	}},
	{"keys by an operator under another name", "keys", Pass, "from ExternalSecret es", []edit{
		file("templates/s.yaml", `
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: es}
spec: {target: {name: calls-keys}, data: [{secretKey: keys, remoteRef: {key: a}}]}
`),
	}},
	{"key and secret by an operator", "keys", Pass, "from SealedSecret made", []edit{
		keysEnv("value: '$(A): $(B)'"),
		{deployment, "            - name: LIVEKIT_KEYS", `            - name: A
              valueFrom: {secretKeyRef: {name: made, key: a}}
            - name: B
              valueFrom: {secretKeyRef: {name: made, key: b}}
            - name: LIVEKIT_KEYS`},
		file("templates/s.yaml", `
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: made}
spec: {encryptedData: {a: AgA, b: AgB}}
`),
	}},
	{"keys in no entry that the operator makes", "keys", Fail, "which is not there", []edit{
		file("templates/s.yaml", `
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: calls-keys}
spec: {data: [{secretKey: other, remoteRef: {key: a}}]}
`),
	}},
	{"keys in what a store has", "keys", Pass, "ExternalSecret calls-keys", []edit{
		file("templates/s.yaml", `
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: calls-keys}
spec: {dataFrom: [{extract: {key: a}}]}
`),
	}},
	{"keys that are not sealed", "keys", Fail, "which is not there", []edit{
		file("templates/s.yaml", `
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: calls-keys}
spec: {encryptedData: {other: AgA}}
`),
	}},
	{"generated keys", "keys", Pass, "Argo CD", []edit{
		keysEnv("valueFrom: {secretKeyRef: {name: made, key: k}}"),
		file("templates/s.yaml", `
apiVersion: v1
kind: Secret
metadata: {name: made}
stringData: {k: 'key: {{ randAlphaNum 40 }}'}
`),
	}},
	{"keys in the configuration", "keys", Pass, "1 API key come with the configuration", []edit{
		noKeys, configKey("keys: {a: " + secret + "}"),
	}},
	{"no keys in development", "keys", Warn, "runs in development mode", []edit{
		noKeys, configKey("development: true"),
	}},
	{"keys that others may hold", "keys", Skip, "may hold the keys", []edit{
		noKeys, othersConfig,
	}},
	{"key file on no volume", "keys", Fail, "key_file names a file that no volume holds", []edit{
		configKey("key_file: /keys/keys.yaml"),
	}},
	{"key file without keys", "keys", Fail, "holds no keys", []edit{
		configKey("key_file: /keys/keys.yaml"),
		mount("keys"),
		volume("{name: keys, secret: {secretName: k, defaultMode: 0400}}"),
		file("templates/k.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: k}\nstringData: {keys.yaml: ''}\n"),
	}},
	{"key file with a mode of its own", "keys", Fail, "mode 0444", []edit{
		configKey("key_file: /keys/keys.yaml"), mount("keys"),
		volume("{name: keys, secret: {secretName: k, items: [{key: a, path: keys.yaml, mode: 0444}]}}"),
	}},
	{"key file in base64", "keys", Pass, "1 API key come from a key file", []edit{
		configKey("key_file: /keys/keys.yaml"),
		mount("keys"),
		volume("{name: keys, secret: {secretName: k, defaultMode: 0440}}"),
		file("templates/k.yaml", `
apiVersion: v1
kind: Secret
metadata: {name: k}
data: {keys.yaml: {{ "a: `+secret+`" | b64enc }}}
`),
	}},

	{"key in a ConfigMap", "secrets-in-configmap", Fail, "credential keys.a", []edit{
		configKey("keys: {a: 12345678901234567890123456789012x}"),
	}},
	{"password in a ConfigMap", "secrets-in-configmap", Fail, "credential redis.password", []edit{
		{values, "    address:", "    password: hush\n    address:"},
	}},
	{"key in a plain variable", "secrets-in-configmap", Fail, "variable LIVEKIT_KEYS", []edit{
		keysEnv("value: 'key: 12345678901234567890123456789012x'"),
	}},
	{"password on the command line", "secrets-in-configmap", Fail, "--redis-password", []edit{
		args("--redis-password=hush"),
	}},
	{"password of a Secret", "secrets-in-configmap", Pass, "No credential", []edit{
		env(`- name: REDIS_PASSWORD
  valueFrom: {secretKeyRef: {name: redis, key: password}}`),
		args("--redis-password=$(REDIS_PASSWORD)"),
	}},
	{"key in the text of a variable", "secrets-in-configmap", Fail, "variable LIVEKIT_CONFIG", []edit{
		env("- name: LIVEKIT_CONFIG\n  value: 'keys: {a: " + secret + "}'"),
	}},
	{"text of a variable without a key", "secrets-in-configmap", Pass, "", []edit{
		env("- name: LIVEKIT_CONFIG\n  value: 'port: 7880'"),
	}},
}
