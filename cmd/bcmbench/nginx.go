package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// nginx stands before the origin with connections that are kept, as one sets it up
// who wants it to be fast.
type nginx struct {
	cmd     *exec.Cmd
	host    string
	trust   *tls.Config
	workers []*process
}

const nginxConf = `daemon off; worker_processes auto; pid %[1]s/nginx.pid; error_log %[1]s/error.log;
events { worker_connections 2048; }
http {
  access_log off; client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/temp; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  upstream origin { server %[3]s; keepalive 256; }
  server {
    listen %[2]s ssl; ssl_certificate %[1]s/pair.pem; ssl_certificate_key %[1]s/pair.pem; ssl_protocols TLSv1.3; keepalive_requests 100000000;
    location / { proxy_pass https://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_ssl_protocols TLSv1.3; proxy_max_temp_file_size 0; client_max_body_size 0; }
  }
}
`

// startNginx starts it on a free port, with the certificate of the origin.
func startNginx(ctx context.Context, dir, binary string, origin *httptest.Server) (*nginx, error) {
	path, err := exec.LookPath(binary)
	if err != nil {
		return nil, fmt.Errorf("%w; apt-get install nginx-light", err)
	}
	dir = filepath.Join(dir, "nginx")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	pair := origin.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return nil, err
	}
	both := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	host := l.Addr().String()
	conf := fmt.Sprintf(nginxConf, dir, host, strings.TrimPrefix(origin.URL, "https://"))
	err = errors.Join(l.Close(), os.WriteFile(filepath.Join(dir, "pair.pem"), both, 0o600), os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o600))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(origin.Certificate())
	n := &nginx{host: host, trust: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}}}
	n.cmd = exec.CommandContext(ctx, path, "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", filepath.Join(dir, "nginx.conf"))
	n.cmd.Stderr = os.Stderr
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	if err := n.await(ctx); err != nil {
		n.stop()
		return nil, err
	}
	return n, nil
}

func (n *nginx) await(ctx context.Context) (err error) {
	for range 100 {
		var probe *line
		if probe, err = dialTo(ctx, n.trust, n.host); err == nil {
			if err = probe.conn.Close(); err == nil {
				n.workers, err = children(n.cmd.Process.Pid)
			}
			return err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return err
}

func (n *nginx) proxied() *proxied {
	return &proxied{"nginx", n.host, "", n.trust, append(n.workers, &process{pid: n.cmd.Process.Pid})}
}

// stop ends it; how it ends is of no interest.
func (n *nginx) stop() {
	_ = n.cmd.Process.Signal(syscall.SIGTERM)
	_ = n.cmd.Wait()
}
