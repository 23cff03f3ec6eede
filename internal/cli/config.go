package cli

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/settings"
)

func newConfig() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Write a settings file, " + settings.File,
		Example: `  helm livekit config init
  helm livekit config init apps/livekit`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Args: between(0, 0),
	}
	cmd.AddCommand(newConfigInit())
	return cmd
}

func newConfigInit() *cobra.Command {
	var out *output
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a settings file with all that can stand there, commented out",
		Long: `Writes ` + settings.File + ` into DIR, or into this folder, with all that can stand there,
commented out. It holds for the charts in that folder and below. A file that is
there stays as it is.`,
		Example: `  helm livekit config init
  helm livekit config init apps/livekit`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sheet, err := factsheet.Load(factsheet.Server)
			if err != nil {
				return err
			}
			path, err := settings.Init(sheet, append(args, ".")[0])
			if err != nil {
				return err
			}
			path = filepath.ToSlash(path)
			return out.print(cmd, map[string]string{"path": path}, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, "Wrote", path)
				return err
			})
		},
	}
	out = addOutput(cmd, "text", "json")
	return cmd
}
