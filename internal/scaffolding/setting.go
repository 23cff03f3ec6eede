package scaffolding

// Setting is a canonical value that a chart's values are to have.
type Setting struct {
	// Key is canonical.
	Key string
	// Value has the shape of the canonical convention.
	Value any
	// IsWhole says that the value, a map, replaces the chart's default as a whole,
	// and is not merged into it.
	IsWhole bool
	// From are the keys of upstream's chart that it comes from, the first one with
	// the value itself. Empty: it follows from what upstream's templates do always.
	From []string
	// Moved maps paths below Key, "" for none, to the upstream keys they come from,
	// where they are called otherwise there ("logging.level" to "livekit.log_level").
	Moved map[string]string
	// Comment says why the setting is there, where the user has not asked for it.
	Comment string
	// Else is the canonical key that takes the value in a chart that has no path
	// for Key.
	Else string
	// IsAsked says that the user's own values gave rise to it.
	IsAsked bool
}
