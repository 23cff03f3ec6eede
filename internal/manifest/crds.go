package manifest

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// The types below know the fields of custom resources that charts emit beside
// the built-in kinds, to the depth at which mistakes are made. What is any is
// not looked into.

type meta struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Status            any `json:"status,omitempty"`
}

// serviceMonitor is that of the Prometheus operator
// (https://prometheus-operator.dev/docs/api-reference/api/).
type serviceMonitor struct {
	meta `json:",inline"`
	Spec struct {
		monitorSpec `json:",inline"`
		Endpoints   []monitorEndpoint `json:"endpoints"`
	} `json:"spec"`
}

type podMonitor struct {
	meta `json:",inline"`
	Spec struct {
		monitorSpec         `json:",inline"`
		PodMetricsEndpoints []monitorEndpoint `json:"podMetricsEndpoints"`
	} `json:"spec"`
}

type monitorSpec struct {
	JobLabel          string               `json:"jobLabel"`
	TargetLabels      []string             `json:"targetLabels"`
	PodTargetLabels   []string             `json:"podTargetLabels"`
	Selector          metav1.LabelSelector `json:"selector"`
	SelectorMechanism string               `json:"selectorMechanism"`
	NamespaceSelector struct {
		Any        bool     `json:"any"`
		MatchNames []string `json:"matchNames"`
	} `json:"namespaceSelector"`
	SampleLimit                    int64    `json:"sampleLimit"`
	ScrapeProtocols                []string `json:"scrapeProtocols"`
	FallbackScrapeProtocol         string   `json:"fallbackScrapeProtocol"`
	ScrapeClassicHistograms        bool     `json:"scrapeClassicHistograms"`
	ScrapeNativeHistograms         bool     `json:"scrapeNativeHistograms"`
	NativeHistogramBucketLimit     int64    `json:"nativeHistogramBucketLimit"`
	NativeHistogramMinBucketFactor any      `json:"nativeHistogramMinBucketFactor"`
	ConvertClassicHistogramsToNHCB bool     `json:"convertClassicHistogramsToNHCB"`
	TargetLimit                    int64    `json:"targetLimit"`
	LabelLimit                     int64    `json:"labelLimit"`
	LabelNameLengthLimit           int64    `json:"labelNameLengthLimit"`
	LabelValueLengthLimit          int64    `json:"labelValueLengthLimit"`
	KeepDroppedTargets             int64    `json:"keepDroppedTargets"`
	AttachMetadata                 any      `json:"attachMetadata"`
	BodySizeLimit                  string   `json:"bodySizeLimit"`
	ScrapeClass                    string   `json:"scrapeClass"`
	ServiceDiscoveryRole           string   `json:"serviceDiscoveryRole"`
}

type monitorEndpoint struct {
	Port                     string              `json:"port"`
	TargetPort               any                 `json:"targetPort"`
	PortNumber               int32               `json:"portNumber"`
	Path                     string              `json:"path"`
	Scheme                   string              `json:"scheme"`
	Params                   map[string][]string `json:"params"`
	Interval                 string              `json:"interval"`
	ScrapeTimeout            string              `json:"scrapeTimeout"`
	TLSConfig                any                 `json:"tlsConfig"`
	BearerTokenFile          string              `json:"bearerTokenFile"`
	BearerTokenSecret        any                 `json:"bearerTokenSecret"`
	Authorization            any                 `json:"authorization"`
	BasicAuth                any                 `json:"basicAuth"`
	OAuth2                   any                 `json:"oauth2"`
	HonorLabels              bool                `json:"honorLabels"`
	HonorTimestamps          bool                `json:"honorTimestamps"`
	TrackTimestampsStaleness bool                `json:"trackTimestampsStaleness"`
	MetricRelabelings        []any               `json:"metricRelabelings"`
	Relabelings              []any               `json:"relabelings"`
	ProxyURL                 string              `json:"proxyUrl"`
	NoProxy                  string              `json:"noProxy"`
	ProxyFromEnvironment     bool                `json:"proxyFromEnvironment"`
	ProxyConnectHeader       any                 `json:"proxyConnectHeader"`
	FollowRedirects          bool                `json:"followRedirects"`
	FilterRunning            bool                `json:"filterRunning"`
	EnableHTTP2              bool                `json:"enableHttp2"`
}

// httpRoute is that of the Gateway API, v1
// (https://gateway-api.sigs.k8s.io/reference/spec/).
type httpRoute struct {
	meta `json:",inline"`
	Spec struct {
		UseDefaultGateways string          `json:"useDefaultGateways"`
		ParentRefs         []routeParent   `json:"parentRefs"`
		Hostnames          []string        `json:"hostnames"`
		Rules              []httpRouteRule `json:"rules"`
	} `json:"spec"`
}

type routeParent struct {
	Group       string `json:"group"`
	Kind        string `json:"kind"`
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	SectionName string `json:"sectionName"`
	Port        int32  `json:"port"`
}

type httpRouteRule struct {
	Name    string `json:"name"`
	Matches []struct {
		Path *struct {
			Type  string `json:"type"`
			Value string `json:"value"`
		} `json:"path"`
		Headers     []any  `json:"headers"`
		QueryParams []any  `json:"queryParams"`
		Method      string `json:"method"`
	} `json:"matches"`
	Filters            []any          `json:"filters"`
	BackendRefs        []routeBackend `json:"backendRefs"`
	Timeouts           any            `json:"timeouts"`
	Retry              any            `json:"retry"`
	SessionPersistence any            `json:"sessionPersistence"`
}

type routeBackend struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Port      int32  `json:"port"`
	Weight    *int32 `json:"weight"`
	Filters   []any  `json:"filters"`
}

// certificate is that of cert-manager
// (https://cert-manager.io/docs/reference/api-docs/).
type certificate struct {
	meta `json:",inline"`
	Spec struct {
		Subject               any      `json:"subject"`
		LiteralSubject        string   `json:"literalSubject"`
		CommonName            string   `json:"commonName"`
		Duration              string   `json:"duration"`
		RenewBefore           string   `json:"renewBefore"`
		RenewBeforePercentage int32    `json:"renewBeforePercentage"`
		DNSNames              []string `json:"dnsNames"`
		IPAddresses           []string `json:"ipAddresses"`
		URIs                  []string `json:"uris"`
		OtherNames            []any    `json:"otherNames"`
		EmailAddresses        []string `json:"emailAddresses"`
		SecretName            string   `json:"secretName"`
		SecretTemplate        any      `json:"secretTemplate"`
		Keystores             any      `json:"keystores"`
		IssuerRef             struct {
			Name  string `json:"name"`
			Kind  string `json:"kind"`
			Group string `json:"group"`
		} `json:"issuerRef"`
		IsCA                    bool     `json:"isCA"`
		Usages                  []string `json:"usages"`
		PrivateKey              any      `json:"privateKey"`
		SignatureAlgorithm      string   `json:"signatureAlgorithm"`
		EncodeUsagesInRequest   bool     `json:"encodeUsagesInRequest"`
		RevisionHistoryLimit    int32    `json:"revisionHistoryLimit"`
		AdditionalOutputFormats []any    `json:"additionalOutputFormats"`
		NameConstraints         any      `json:"nameConstraints"`
	} `json:"spec"`
}
