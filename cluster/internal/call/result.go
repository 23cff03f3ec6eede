package call

// Result is the outcome of all calls that were asked for: the JSON object that
// scripts read. OK is true when the API worked and every path was proven.
type Result struct {
	OK           bool          `json:"ok"`
	Room         string        `json:"room"`
	API          API           `json:"api"`
	Participants []Participant `json:"participants"`
	Paths        []Path        `json:"paths"`
	Server       Server        `json:"server"`
	Hold         *Hold         `json:"hold,omitempty"`
	DurationMS   int64         `json:"durationMs"`
}

// API says which calls of the room service worked. Deleted is false, without
// an error, when the room was there before and so was left alone.
type API struct {
	OK      bool   `json:"ok"`
	Created bool   `json:"created"`
	Listed  bool   `json:"listed"`
	Deleted bool   `json:"deleted"`
	Error   string `json:"error,omitempty"`
	Remedy  string `json:"remedy,omitempty"`
}

// Participant is one client of one path's call. Node is the id of the server
// node that holds the room, SignalNode of the one that URL leads to: it is
// asked for only when nodes are to be told apart.
type Participant struct {
	Media      string `json:"media"`
	Identity   string `json:"identity"`
	SID        string `json:"sid"`
	URL        string `json:"url"`
	Node       string `json:"node"`
	SignalNode string `json:"signalNode,omitempty"`
	AudioSent  int    `json:"audioSent"`
	DataSent   int    `json:"dataSent"`
}

// Path is one call over one way of media. Media is the way that was used, which
// for "auto" is found out. Local and Remote are the addresses of the selected
// pair, ip:port; over TURN, Remote is the TURN server and Peer the address
// behind the relay. AudioPackets and DataPackets are what arrived, over all
// directions. RTT is in milliseconds.
type Path struct {
	Media        string  `json:"media"`
	OK           bool    `json:"ok"`
	Local        string  `json:"local,omitempty"`
	Remote       string  `json:"remote,omitempty"`
	Peer         string  `json:"peer,omitempty"`
	AudioPackets int     `json:"audioPackets"`
	AudioLost    int     `json:"audioLost"`
	DataPackets  int     `json:"dataPackets"`
	DataLost     int     `json:"dataLost"`
	RTT          float64 `json:"rtt"`
	DurationMS   int64   `json:"durationMs"`
	Pairs        []Pair  `json:"pairs,omitempty"`
	// Advertised are the candidates and TURN URLs that the server told, with
	// what was done with them.
	Advertised []Advertised `json:"advertised,omitempty"`
	Error      string       `json:"error,omitempty"`
	Remedy     string       `json:"remedy,omitempty"`
}

// Pair is the selected candidate pair of one connection of one participant.
type Pair struct {
	Participant string  `json:"participant"`
	Connection  string  `json:"connection"` // publisher or subscriber
	Media       string  `json:"media"`
	Local       string  `json:"local"`
	Remote      string  `json:"remote"`
	Peer        string  `json:"peer,omitempty"`
	RTT         float64 `json:"rtt"` // milliseconds
}

// Advertised is a way to the server that it told its clients: a candidate, as
// "udp 192.0.2.1:7882", or a TURN URL. Skipped says why it was not tried.
type Advertised struct {
	Address string `json:"address"`
	Tried   bool   `json:"tried"`
	Skipped string `json:"skipped,omitempty"`
}

// Server is what the server said of itself. Nodes are the ids of all nodes seen.
type Server struct {
	Version string   `json:"version"`
	Region  string   `json:"region,omitempty"`
	Nodes   []string `json:"nodes"`
}

// Hold is what happened while the call was held. LongestGapMS is the longest
// time without audio in any direction, the end included, in milliseconds.
// Resumed counts signalling connections that were taken up again with the
// session alive, Rejoined sessions that had to be made anew.
type Hold struct {
	Seconds      float64     `json:"seconds"`
	LongestGapMS int64       `json:"longestGapMs"`
	Reconnected  bool        `json:"reconnected"`
	Resumed      int         `json:"resumed"`
	Rejoined     int         `json:"rejoined"`
	AudioPackets int         `json:"audioPackets"`
	AudioLost    int         `json:"audioLost"`
	DataPackets  int         `json:"dataPackets"`
	DataLost     int         `json:"dataLost"`
	Directions   []Direction `json:"directions"`
	Events       []Event     `json:"events"`
}

// Direction is what one participant got from another.
type Direction struct {
	From         string `json:"from"`
	To           string `json:"to"`
	AudioPackets int    `json:"audioPackets"`
	AudioLost    int    `json:"audioLost"`
	LongestGapMS int64  `json:"longestGapMs"`
	DataPackets  int    `json:"dataPackets"`
	DataLost     int    `json:"dataLost"`
}

// Event is something that happened to a participant, AtMS milliseconds after
// the hold began.
type Event struct {
	AtMS        int64  `json:"atMs"`
	Participant string `json:"participant"`
	Text        string `json:"text"`
}
