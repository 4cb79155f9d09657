package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
	"bcm/fsm"
)

// conductFlags are the flags that say how the backups of a task behave.
type conductFlags struct {
	labels, limits, pre, post []string
	priority                  int8
	retries                   int32
	most, pause, timeout      string
}

func (c *conductFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&c.labels, "label", nil, `name=value; may be repeated; "" takes all away`)
	f.Int8Var(&c.priority, "priority", 0, "of two that wait the greater is begun first; -100 to 100")
	f.StringVar(&c.most, "max-runtime", "", `how long a backup may take before it is stopped and has failed, as 6h; "" for without end`)
	f.Int32Var(&c.retries, "retry", 0, "how often a backup that fails is tried in all")
	f.StringVar(&c.pause, "retry-pause", "", "pause before the second attempt, which doubles with each; 1m when not given")
	f.StringArrayVar(&c.limits, "limit", nil, `most that it writes a second, and when: '10MiB', '10MiB 08:00-18:00 Europe/Berlin'; may be repeated; "" for none`)
	f.StringArrayVar(&c.pre, "pre", nil, `command run on the backup manager before, repeated for its arguments; if it fails, so does the backup; "" for none`)
	f.StringArrayVar(&c.post, "post", nil, `command run after, whatever came of the backup, repeated for its arguments; "" for none`)
	f.StringVar(&c.timeout, "command-timeout", "", "how long each of --pre and --post may take; 10m when not given")
}

// body adds what the flags say.
func (c *conductFlags) body(cmd *cobra.Command, body changes) error {
	pairs, err := pairsOf("label", c.labels)
	if err != nil {
		return err
	}
	take(body, cmd, "label", "labels", pairs)
	take(body, cmd, "priority", "priority", c.priority)
	take(body, cmd, "max-runtime", "max_runtime", c.most)
	if cmd.Flags().Changed("retry-pause") && !cmd.Flags().Changed("retry") {
		return Usagef("%s: --retry-pause goes with --retry", cmd.CommandPath())
	}
	take(body, cmd, "retry", "retry", client.Retry{Attempts: c.retries, Pause: optional(c.pause)})
	limits, err := limitsOf(c.limits)
	if err != nil {
		return err
	}
	take(body, cmd, "limit", "bandwidth", limits)
	take(body, cmd, "pre", "pre", wordsOf(c.pre))
	take(body, cmd, "post", "post", wordsOf(c.post))
	take(body, cmd, "command-timeout", "command_timeout", c.timeout)
	return nil
}

// optional leaves out a text that is empty.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// wordsOf is a command as its flag gives it; one empty word is none.
func wordsOf(words []string) []string {
	if len(words) == 1 && words[0] == "" {
		return []string{}
	}
	return words
}

// limitsOf reads limits of bandwidth: a size, a span of the day, its zone.
func limitsOf(texts []string) ([]fsm.Bandwidth, error) {
	limits := []fsm.Bandwidth{}
	for _, text := range texts {
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		rate, err := bytesOf("limit", strings.TrimSuffix(words[0], "/s"))
		if err != nil {
			return nil, err
		}
		limit := fsm.Bandwidth{Rate: rate}
		if len(words) > 1 {
			var ok bool
			if limit.From, limit.To, ok = strings.Cut(words[1], "-"); !ok || len(words) > 3 {
				return nil, Usagef("--limit %q: write it as '10MiB' or '10MiB 08:00-18:00 Europe/Berlin'", text)
			}
		}
		if len(words) == 3 {
			limit.Zone = words[2]
		}
		limits = append(limits, limit)
	}
	return limits, nil
}

// bandwidthText writes limits as they are read.
func bandwidthText(limits []client.Bandwidth) string {
	texts := make([]string, 0, len(limits))
	for _, l := range limits {
		text := size(l.Rate) + "/s"
		if from := value(l.From); from != "" {
			text += " " + from + "-" + value(l.To) + " " + first(value(l.Zone), "UTC")
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "\n")
}

// retryText writes what becomes of a backup that fails.
func retryText(r client.Retry) string {
	if r.Attempts < 2 {
		return ""
	}
	return fmt.Sprintf("%d attempts, the second after %s", r.Attempts, value(r.Pause))
}
