package cli

import (
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// app is the world outside, as all verbs see it. Tests put in another one.
type app struct {
	version    string
	env        func(name string) string
	now        func() time.Time
	configDir  func() (string, error) // the user's, as [os.UserConfigDir] gives it
	isTerminal func(stream any) bool
	readSecret func(stream any) ([]byte, error) // a line typed without echo
	poll       time.Duration                    // between two looks at a run

	addr, token, cacert string // flags
}

// Commands gives the nouns and verbs that talk to a grid. The command that they
// are added to should silence usage and errors, and print what Execute returns
// with [PrintError] and exit with [ExitCode].
func Commands(version string) []*cobra.Command {
	return (&app{
		version:    version,
		env:        os.Getenv,
		now:        time.Now,
		configDir:  os.UserConfigDir,
		isTerminal: isTerminal,
		readSecret: readSecret,
		poll:       500 * time.Millisecond,
	}).commands()
}

func (a *app) commands() []*cobra.Command {
	all := []*cobra.Command{
		a.login(), a.logout(), a.whoami(),
		a.nodes(), a.syncs(), a.users(), a.groups(), a.acls(), a.clients(), a.tasks(), a.schedules(), a.assignments(), a.backups(),
		a.jobs(), a.repositories(), a.tokens(), a.certificates(), a.audit(), a.operator(), a.settings(), a.drills(), a.approvals(),
	}
	for _, c := range all {
		f := c.PersistentFlags()
		f.StringVar(&a.addr, "addr", "", "managers to ask, as URLs with commas between; the next is asked when one does not answer (BCM_ADDR)")
		f.StringVar(&a.token, "token", "", "token to speak with (better in BCM_TOKEN: arguments are seen by others)")
		f.StringVar(&a.cacert, "cacert", "", "file with the certificate authority of the grid (BCM_CACERT)")
	}
	return all
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func readSecret(stream any) ([]byte, error) {
	f, ok := stream.(*os.File)
	if !ok {
		return nil, io.ErrUnexpectedEOF
	}
	return term.ReadPassword(int(f.Fd()))
}
