package agent

import (
	"context"
	"math/rand/v2"
	"time"

	"bcm/cluster/pki"

	"github.com/hashicorp/go-hclog"
)

// Renewer gives a node its next certificate.
type Renewer interface {
	// Renew has the request signed for the node that asks, and returns the
	// certificate and what to trust, both in PEM.
	Renew(ctx context.Context, csr []byte) (cert, ca []byte, err error)
}

// Pauses between attempts to renew, and the longest sleep: clocks are set and
// machines suspended, which timers do not notice.
const (
	renewFirst = 5 * time.Second
	renewMost  = 10 * time.Minute
	renewNap   = 5 * time.Minute
)

// KeepFresh renews the certificate at a random point of the second half of its
// life, until ctx ends. Connections that stand go on; new ones show the new
// certificate. renewed, when set, is called after each renewal.
func (i *Identity) KeepFresh(ctx context.Context, by Renewer, renewed func(), log hclog.Logger) error {
	at, wait := i.renewAt(), renewFirst
	for {
		if left := time.Until(at); left > 0 {
			if !pause(ctx, min(left, renewNap)) {
				return nil
			}
			continue
		}
		if err := i.renew(ctx, by); err != nil {
			log.Warn("certificate not renewed", "not_after", i.Holder.Certificate().NotAfter.UTC(), "error", err)
			if !pause(ctx, jitter(wait)) {
				return nil
			}
			wait = min(2*wait, renewMost)
			continue
		}
		log.Info("certificate renewed", "not_after", i.Holder.Certificate().NotAfter.UTC())
		if renewed != nil {
			renewed()
		}
		at, wait = i.renewAt(), renewFirst
	}
}

func (i *Identity) renewAt() time.Time {
	cert := i.Holder.Certificate()
	return pki.RenewAt(cert.NotBefore, cert.NotAfter, rand.Float64())
}

func (i *Identity) renew(ctx context.Context, by Renewer) error {
	csr, err := i.Request()
	if err != nil {
		return err
	}
	one, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	cert, ca, err := by.Renew(one, csr)
	if err != nil {
		return err
	}
	return i.Accept(i.Cluster(), cert, ca, nil)
}
