import { useEffect, type ReactNode } from 'react'

interface Props {
  title: string
  /** One line below the title. */
  note?: ReactNode
  /** What can be done, at the right. */
  actions?: ReactNode
  children: ReactNode
  /** The page fills the window and its one table scrolls. */
  fills?: boolean
}

/** The frame of every page: title, one line about it, actions, content. */
export function Page({ title, note, actions, children, fills }: Props) {
  useEffect(() => {
    document.title = `${title} · Backup Cluster Manager`
  }, [title])
  return (
    <div className={fills ? 'page page-fills' : 'page'}>
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          <p className="page-note">{note}</p>
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  )
}
