// Package chartdir writes a chart's files into its folder: all or nothing,
// never over somebody's edits, never outside the folder, and so that a run
// which is killed can be finished or undone by the next one.
//
// A folder that is not there is made whole under a temporary name and takes
// its place by one rename. In a folder that is there, the new texts and a
// journal of what is to be done are made under a temporary name; one rename of
// that folder commits the run, then the files take their places, Chart.yaml
// last. Whoever is killed before the commit has changed nothing; whoever is
// killed after it is finished by Recover, the first call of the next run.
//
// The lock (Lock) records what was generated: by it a later run knows which
// files somebody has edited.
//
// Locks, journals and folders come out of repositories that anybody may have
// made. So every access goes through an os.Root at the folder, names are
// checked (see isChartFile), and sizes are bounded.
package chartdir
