/** What the URL holds after "?": one text, or several for a repeated name. */
export type RawSearch = Record<string, string | string[] | undefined>

/** One name of the URL: how it is read, and its value when it is absent. */
export interface Field<V> {
  absent: V
  /** The value, or undefined when the texts mean nothing here. */
  read: (texts: string[]) => V | undefined
  write: (value: V) => string[]
}

// A field of any type; what each one holds is kept in Values.
export type Fields = Record<string, Field<any>>
type ValueOf<F> = F extends Field<infer V> ? V : never

/** The values of all fields. */
export type Values<S extends Fields> = { [name in keyof S]: ValueOf<S[name]> }

const same = (value: string) => (value === '' ? [] : [value])

/** A free text. */
export function text(): Field<string> {
  return { absent: '', read: (texts) => texts.at(-1), write: same }
}

/** Any number of values out of a closed set; what is not in it is dropped. */
export function many<const V extends string>(known: readonly V[]): Field<V[]> {
  return {
    absent: [],
    read: (texts) => known.filter((value) => texts.includes(value)),
    write: (values) => values,
  }
}

/** Any number of values out of a set that only the server knows. */
export function open(): Field<string[]> {
  return { absent: [], read: (texts) => [...new Set(texts.filter((t) => t !== ''))], write: (values) => values }
}

/** One field to sort by, with "-" in front for the other way round. */
export function sorting(known: readonly string[], absent: string): Field<string> {
  return {
    absent,
    read: (texts) => texts.find((t) => known.includes(t.replace(/^-/, ''))),
    write: (value) => (value === absent ? [] : [value]),
  }
}

/** A day, as 2026-11-23. */
export function day(): Field<string> {
  return {
    absent: '',
    read: (texts) => texts.find((t) => /^\d{4}-\d{2}-\d{2}$/.test(t) && !Number.isNaN(Date.parse(t))),
    write: same,
  }
}

/** One word out of a closed set. */
export function word<const V extends string>(known: readonly V[], absent: V): Field<V> {
  return {
    absent,
    read: (texts) => known.find((value) => texts.includes(value)),
    write: (value) => (value === absent ? [] : [value]),
  }
}

/** The search part of one page: what its URL may hold, and how it is read and written. */
export class Search<S extends Fields> {
  private readonly fields: S

  constructor(fields: S) {
    this.fields = fields
  }

  /** All values; what is absent, unknown or nonsense gets the value of absence. */
  readonly read = (raw: RawSearch): Values<S> => {
    const values: Record<string, unknown> = {}
    for (const [name, field] of Object.entries<Field<unknown>>(this.fields)) {
      values[name] = (has(raw[name]) ? field.read(texts(raw[name])) : undefined) ?? field.absent
    }
    return values as Values<S>
  }

  /** What goes into the URL: nothing that would be there anyway. */
  readonly write = (values: Partial<Values<S>>): RawSearch => {
    const raw: RawSearch = {}
    for (const [name, field] of Object.entries<Field<unknown>>(this.fields)) {
      if (!(name in values)) continue
      const out = field.write(values[name as keyof S])
      if (out.length === 1) raw[name] = out[0]
      if (out.length > 1) raw[name] = [...out]
    }
    return raw
  }

  /** Drops from a URL what this page does not know. */
  readonly clean = (raw: RawSearch): RawSearch => this.write(this.read(raw))
}

function has(value: RawSearch[string]): boolean {
  return value !== undefined && value.length > 0
}

function texts(value: RawSearch[string]): string[] {
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : value
}

/** Reads the part of a URL from "?" on. */
export function parseQuery(query: string): RawSearch {
  const raw = new Map<string, string | string[]>() // names like "constructor" are names like any other
  for (const [name, value] of new URLSearchParams(query)) {
    const before = raw.get(name)
    raw.set(name, before === undefined ? value : [...texts(before), value])
  }
  return Object.fromEntries(raw)
}

/** Writes it, with the "?", or nothing when there is nothing to say. */
export function formatQuery(raw: Record<string, unknown>): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(raw)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '') params.append(name, String(one))
    }
  }
  const query = params.toString()
  return query === '' ? '' : `?${query}`
}
