import { Code, Details } from '../../components/Details'
import { dateTime } from '../../components/format'
import { spaced, type Shown } from './certificate'

/** A certificate that a person is asked to trust. */
export function Trust({ shown, children }: { shown: Shown; children?: React.ReactNode }) {
  const own = shown.subject === shown.issuer
  return (
    <>
      {children ?? (
        <p>
          This is the certificate that the server shows. Compare its fingerprint with what the server itself says, for instance in its
          own console; from then on only this certificate is accepted.
        </p>
      )}
      <Details
        rows={[
          ['Subject', shown.subject],
          ['Issued by', own ? 'itself' : shown.issuer],
          ['Valid until', dateTime(shown.until)],
          ['Fingerprint', <span key="print" className="fingerprint"><Code>{spaced(shown.fingerprint)}</Code></span>],
        ]}
      />
    </>
  )
}
