package kopia

import (
	"github.com/hashicorp/go-hclog"
	"github.com/kopia/kopia/repo/logging"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logTo hands what kopia logs to our logger. kopia calls things errors that it goes
// on to return, and tells users what it does: both are only of use to look closer.
func logTo(log hclog.Logger) logging.LoggerFactory {
	return func(module string) logging.Logger {
		return zap.New(&logCore{log: log.Named(module)}).Sugar()
	}
}

type logCore struct {
	log    hclog.Logger
	fields []zapcore.Field
}

// Enabled implements zapcore.LevelEnabler.
func (c *logCore) Enabled(level zapcore.Level) bool {
	if level < zapcore.InfoLevel {
		return c.log.IsTrace()
	}
	return c.log.IsDebug()
}

// With implements zapcore.Core.
func (c *logCore) With(fields []zapcore.Field) zapcore.Core {
	return &logCore{c.log, append(append([]zapcore.Field(nil), c.fields...), fields...)}
}

// Check implements zapcore.Core.
func (c *logCore) Check(e zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return to.AddCore(e, c)
	}
	return to
}

// Write implements zapcore.Core.
func (c *logCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range append(c.fields, fields...) {
		f.AddTo(enc)
	}
	args := make([]any, 0, 2*len(enc.Fields))
	for key, value := range enc.Fields {
		args = append(args, key, value)
	}
	if e.Level < zapcore.InfoLevel {
		c.log.Trace(e.Message, args...)
	} else {
		c.log.Debug(e.Message, args...)
	}
	return nil
}

// Sync implements zapcore.Core.
func (c *logCore) Sync() error { return nil }
