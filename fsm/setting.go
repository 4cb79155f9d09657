package fsm

// Setting is one value that holds for the whole cluster, under a name.
type Setting struct {
	Meta         // ID is the name
	Value []byte `cbor:"value"` // sealed when it is a secret
}

// Names of settings.
const (
	ClusterID     = "cluster.id"
	CACertificate = "ca.certificate" // PEM
	CAKey         = "ca.key"         // sealed
	RecoveryEpoch = "recovery.epoch" // a number in decimal; see [Fence]

	UpkeepSetting   = "maintenance" // a [Upkeep]
	ApprovalSetting = "approval"    // an [ApprovalRule]
	RenewalSetting  = "renewal"     // a [RenewalRule]
)

var settings = define(schema[Setting]{
	name: "settings",
	meta: func(s *Setting) *Meta { return &s.Meta },
})

// Setting gives the value of a setting, nil when it has none.
func (v *View) Setting(name string) []byte {
	if s, ok := v.Settings.Get(name); ok {
		return s.Value
	}
	return nil
}

// InitCluster is the first entry of a log: it gives the cluster its identity,
// the predefined groups, the first user and the first manager.
type InitCluster struct {
	Cluster       string      `cbor:"cluster"`
	CACertificate []byte      `cbor:"ca_certificate"`
	CAKey         []byte      `cbor:"ca_key"` // sealed
	Admin         CreateUser  `cbor:"admin"`
	Manager       NewNode     `cbor:"manager"`
	Certificate   Certificate `cbor:"certificate"`
}

func (c *InitCluster) apply(tx *Tx) (string, error) {
	if tx.Settings.Len() > 0 {
		return "", Errorf(Conflict, "this cluster has its identity already")
	}
	put(tx, &tx.Settings, &Setting{Meta{ID: ClusterID}, []byte(c.Cluster)})
	put(tx, &tx.Settings, &Setting{Meta{ID: CACertificate}, c.CACertificate})
	put(tx, &tx.Settings, &Setting{Meta{ID: CAKey}, c.CAKey})
	for _, g := range predefined() {
		put(tx, &tx.Groups, &g)
	}
	if _, err := c.Admin.apply(tx); err != nil {
		return "", err
	}
	if err := c.Manager.admit(tx, c.Certificate); err != nil {
		return "", err
	}
	return c.Cluster, nil
}

// PutSetting gives a setting its value.
type PutSetting struct {
	Name  string `cbor:"name"`
	Value []byte `cbor:"value"`
}

func (c *PutSetting) apply(tx *Tx) (string, error) {
	switch c.Name {
	case ClusterID, CACertificate, CAKey:
		return "", Errorf(Denied, "setting %s is fixed when the cluster begins", c.Name)
	case RecoveryEpoch:
		if n, ok := number(c.Value); !ok || n <= tx.epoch() {
			return "", Errorf(Conflict, "setting %s is a number that only grows; it is %d", c.Name, tx.epoch())
		}
	case UpkeepSetting, ApprovalSetting, RenewalSetting:
		return "", Errorf(Denied, "setting %s is changed field by field", c.Name)
	case "":
		return "", invalidField("name", "must not be empty")
	}
	put(tx, &tx.Settings, &Setting{Meta{ID: c.Name}, c.Value})
	return c.Name, nil
}
