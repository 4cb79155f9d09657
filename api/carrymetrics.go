package api

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// countCarried begins to count what is carried to servers.
func (m *metrics) countCarried() {
	m.carriedTotal = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bcm_proxy_requests_total",
		Help: "Requests carried to SEP sesam servers, by the status of the answer; way is proxy or passthrough."}, []string{"way", "node", "code"})
	m.carriedTime = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "bcm_proxy_request_duration_seconds",
		Help:    "From a request for a SEP sesam server to the end of the answer.",
		Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 14)}, []string{"way"})
	m.carriedBytes = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bcm_proxy_bytes_total",
		Help: "Bodies carried; direction is to or from the server."}, []string{"way", "node", "direction"})
	m.carriedNow = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "bcm_proxy_requests_in_flight",
		Help: "Requests to SEP sesam servers under way, open connections included."}, []string{"way", "node"})
	m.registry.MustRegister(m.carriedTotal, m.carriedTime, m.carriedBytes, m.carriedNow)
}

// carrying counts a request to a server, and gives what counts its end.
func (m *metrics) carrying(way, node string) func(status int, took time.Duration, to, from int64) {
	now := m.carriedNow.WithLabelValues(way, node)
	now.Inc()
	return func(status int, took time.Duration, to, from int64) {
		now.Dec()
		m.carriedTotal.WithLabelValues(way, node, strconv.Itoa(status)).Inc()
		m.carriedTime.WithLabelValues(way).Observe(took.Seconds())
		m.carriedBytes.WithLabelValues(way, node, "to").Add(float64(to))
		m.carriedBytes.WithLabelValues(way, node, "from").Add(float64(from))
	}
}
