import { Link } from '@tanstack/react-router'

/** Leads to the SEP sesam server that something belongs to, where it is changed. */
export function OriginLink({ origin }: { origin: string }) {
  return (
    <Link to="/nodes/$name/objects" params={{ name: origin }} search={{}} className="plain-link" onClick={(event) => event.stopPropagation()}>
      of {origin}
    </Link>
  )
}
