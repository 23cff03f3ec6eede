package call

// Result is what helm-livekit-call prints with -o json. OK is true when the API
// worked and every asked path was proven. The types are those of call/internal/result
// in the module of that command; a test in each module holds them against
// testdata/result.json.
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

// API says which calls of the room service worked. A room that was there before is
// not deleted.
type API struct {
	OK      bool   `json:"ok"`
	Created bool   `json:"created"`
	Listed  bool   `json:"listed"`
	Deleted bool   `json:"deleted"`
	Error   string `json:"error,omitempty"`
	Remedy  string `json:"remedy,omitempty"`
}

// Participant is one client of one path's call. Node holds the room, SignalNode
// answers at URL; the latter is known only with Options.NodesDiffer.
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

// Path is one call over one way of media. Media is the way that was used. Local
// and Remote are ip:port of the selected pair; over TURN, Remote is the TURN server
// and Peer the server's address behind it. RTT is in milliseconds.
type Path struct {
	Media        string       `json:"media"`
	OK           bool         `json:"ok"`
	Local        string       `json:"local,omitempty"`
	Remote       string       `json:"remote,omitempty"`
	Peer         string       `json:"peer,omitempty"`
	AudioPackets int          `json:"audioPackets"`
	AudioLost    int          `json:"audioLost"`
	DataPackets  int          `json:"dataPackets"`
	DataLost     int          `json:"dataLost"`
	RTT          float64      `json:"rtt"`
	DurationMS   int64        `json:"durationMs"`
	Pairs        []Pair       `json:"pairs,omitempty"`
	Advertised   []Advertised `json:"advertised,omitempty"`
	Error        string       `json:"error,omitempty"`
	Remedy       string       `json:"remedy,omitempty"`
}

// Pair is the selected pair of one connection, publisher or subscriber.
type Pair struct {
	Participant string  `json:"participant"`
	Connection  string  `json:"connection"`
	Media       string  `json:"media"`
	Local       string  `json:"local"`
	Remote      string  `json:"remote"`
	Peer        string  `json:"peer,omitempty"`
	RTT         float64 `json:"rtt"`
}

// Advertised is a candidate or TURN URL that the server told its clients.
type Advertised struct {
	Address string `json:"address"`
	Tried   bool   `json:"tried"`
	Skipped string `json:"skipped,omitempty"`
}

// Server is what the server said of itself; Nodes are the ids of all nodes seen.
type Server struct {
	Version string   `json:"version"`
	Region  string   `json:"region,omitempty"`
	Nodes   []string `json:"nodes"`
}

// Hold is what happened while the call was held: LongestGapMS is the longest time
// without audio in any direction, Resumed and Rejoined count reconnections of signalling
// with the session alive and with a new one.
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

// Event is something that happened to a participant, AtMS milliseconds after the
// hold began.
type Event struct {
	AtMS        int64  `json:"atMs"`
	Participant string `json:"participant"`
	Text        string `json:"text"`
}
