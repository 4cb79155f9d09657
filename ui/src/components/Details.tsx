import { ActionIcon, CopyButton } from '@mantine/core'
import type { ReactNode } from 'react'
import { IconCheck, IconCopy } from './icons'

/** Names and values, one below the other. */
export function Details({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className="details">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** An id or an address, which can be copied. */
export function Code({ children }: { children: string }) {
  return (
    <span className="code">
      <code>{children}</code>
      <CopyButton value={children}>
        {({ copied, copy }) => (
          <ActionIcon size={20} aria-label={copied ? 'Copied' : `Copy ${children}`} onClick={copy}>
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        )}
      </CopyButton>
    </span>
  )
}
