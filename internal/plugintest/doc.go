// Package plugintest has the tests of what is not Go code: install-binary.sh,
// plugin.yaml and plugin.complete, alone and under real Helms.
package plugintest
