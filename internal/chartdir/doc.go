// Package chartdir writes a chart's files into its folder: never over somebody's edits, never outside the folder, and
// so that a run which is killed is finished by running again.
//
// The new texts and the new lock are staged in a folder of their own within the chart's. Then the files take their
// places one by one, Chart.yaml late and the lock last. Until the first of them does, a run that fails or is canceled
// has changed nothing.
//
// The lock (Lock) records what was generated: by it a later run knows which files somebody has edited. While a run is
// at work, or after it was killed, the staged lock says so for the files that are in their places already; see locks.
//
// Locks, staged files and folders come out of repositories that anybody may have made. So every access goes through
// an os.Root at the folder, names are checked (see isChartFile), and sizes are bounded.
package chartdir
