package convention

import "github.com/helm-livekit/helm-livekit/internal/factsheet"

type Key = factsheet.Key

var BlockOf = factsheet.BlockOf

func Keys() []Key {
	sheet, _ := factsheet.Load(factsheet.Server)
	return sheet.Keys
}

func KeyOf(key string) Key {
	for _, k := range Keys() {
		if k.Key == key {
			return k
		}
	}
	return Key{}
}
