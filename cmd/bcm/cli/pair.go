package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) certIssue() *cobra.Command {
	var r result
	var hosts []string
	var wait bool
	cmd := &cobra.Command{
		Use:   "issue SERVER",
		Short: "Have the cluster's CA issue the HTTPS certificate of a SEP sesam server",
		Long: `Have the cluster's CA issue the HTTPS certificate of a SEP sesam server. The agent on
the server's host installs it, has the server take it up, and looks whether it does;
otherwise the old one is put back. It is renewed by itself before it ends.`,
		Args:              Takes("SERVER"),
		ValidArgsFunction: a.firstArg(nodeRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := changes{"node": args[0]}
			take(body, cmd, "host", "hosts", hosts)
			return a.install(cmd, at("certificates"), body, wait, &r)
		},
	}
	cmd.Flags().StringArrayVar(&hosts, "host", nil, "name or address that it is good for, beside the one under which the server is reached; may be repeated")
	waitFlag(cmd, &wait)
	r.flags(cmd)
	return cmd
}

func (a *app) certImport() *cobra.Command {
	var r result
	var cert, key string
	var wait bool
	cmd := &cobra.Command{
		Use:     "import SERVER --cert FILE --key FILE",
		Short:   "Give a SEP sesam server an HTTPS certificate that you bring",
		Long:    "Give a SEP sesam server an HTTPS certificate that you bring, in PEM: the server's own\nfirst, then those that have signed it. Import the next one before it ends.",
		Example: "  bcm cert import sesam-1 --cert sesam-1.crt --key sesam-1.key",
		Args:    Takes("SERVER"), ValidArgsFunction: a.firstArg(nodeRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cert == "" || key == "" {
				return Usagef("--cert and --key are needed: files in PEM with the certificate and its private key")
			}
			body := changes{"node": args[0]}
			for name, file := range map[string]string{"certificate": cert, "key": key} {
				text, err := readPEM(cmd, file)
				if err != nil {
					return err
				}
				body[name] = text
			}
			return a.install(cmd, at("certificates"), body, wait, &r)
		},
	}
	f := cmd.Flags()
	f.StringVar(&cert, "cert", "", "file with the certificate, and its chain")
	f.StringVar(&key, "key", "", `file with the private key; "-" reads standard input`)
	waitFlag(cmd, &wait)
	r.flags(cmd)
	return cmd
}

func (a *app) certRotate() *cobra.Command {
	var r result
	var wait bool
	cmd := &cobra.Command{
		Use:               "rotate CERTIFICATE",
		Short:             "Give a SEP sesam server a new key and certificate for the same names, at once",
		Args:              Takes("CERTIFICATE"),
		ValidArgsFunction: a.firstArg(certRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.install(cmd, at("certificates", args[0], "rotate"), nil, wait, &r)
		},
	}
	waitFlag(cmd, &wait)
	r.flags(cmd)
	return cmd
}

// maxPEM bounds a file with certificates or a key, in bytes.
const maxPEM = 256 << 10

// readPEM reads a file, or standard input for "-".
func readPEM(cmd *cobra.Command, file string) (string, error) {
	in := cmd.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", Usagef("%v", err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxPEM+1))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", file, err)
	}
	if len(text) > maxPEM {
		return "", Usagef("%s has more than %d bytes, which no certificate or key has", file, maxPEM)
	}
	return string(text), nil
}

// install asks for a certificate, and waits until the server serves it when asked to.
func (a *app) install(cmd *cobra.Command, path string, body changes, wait bool, r *result) error {
	g, err := a.grid()
	if err != nil {
		return err
	}
	var in any
	if body != nil {
		in = body
	}
	data, err := g.call(cmd.Context(), "POST", path, nil, in)
	if err != nil {
		return err
	}
	var c client.Certificate
	if err := json.Unmarshal(data, &c); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if !wait {
		return r.write(cmd, data, "certificate %s is being installed on %s", c.Id, c.Node)
	}
	err = a.each(cmd.Context(), cmd.ErrOrStderr(), func() (bool, error) {
		if data, err = g.call(cmd.Context(), "GET", at("certificates", c.Id), nil, nil); err != nil {
			return false, err
		}
		if err := json.Unmarshal(data, &c); err != nil {
			return false, fmt.Errorf("reading the answer: %w", err)
		}
		return c.Status != "installing", nil
	})
	if err != nil {
		return err
	}
	if c.Status == "failed" {
		return unwishedf("certificate %s is not installed on %s: %s", c.Id, c.Node, line(value(c.Error)))
	}
	return r.write(cmd, data, "%s serves certificate %s, which is good until %s", c.Node, c.Id, a.instant(c.NotAfter))
}
