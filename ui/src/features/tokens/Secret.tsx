import { Button, CopyButton } from '@mantine/core'

/** Something that is shown this once, to copy. */
export function Secret({ label, text }: { label: string; text: string }) {
  return (
    <div className="secret">
      <p className="secret-label">{label}</p>
      <code>{text}</code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button variant="default" onClick={copy}>
            {copied ? 'Copied' : 'Copy'}
          </Button>
        )}
      </CopyButton>
    </div>
  )
}
