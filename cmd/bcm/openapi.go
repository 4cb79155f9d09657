package main

import (
	"bcm/api"
	"bcm/cmd/bcm/cli"

	"github.com/spf13/cobra"
)

// newOpenAPI prints the description of the API that this program serves, for
// those who generate clients from it.
func newOpenAPI() *cobra.Command {
	return &cobra.Command{
		Use:    "openapi",
		Short:  "Print the OpenAPI document",
		Hidden: true,
		Args:   cli.Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			doc, err := api.Document()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(doc)
			return err
		},
	}
}
