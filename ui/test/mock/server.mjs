// The API in memory, and the built console, for work without a backend:
//   node test/mock/server.mjs [--port 5174] [--nodes 8999]
import { createServer } from 'node:http'
import { existsSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { newID, world } from './data.mjs'
import { stats } from './stats.mjs'

const { values: flags } = parseArgs({ options: { port: { type: 'string', default: '5174' }, nodes: { type: 'string', default: '8999' } } })
const w = world(Number(flags.nodes))
const dist = join(import.meta.dirname, '../../dist')
const streams = new Set()
const severity = ['offline', 'degraded', 'joining', 'left', 'online']
const rank = { status: (row) => (severity.includes(row.status) ? severity.indexOf(row.status) : row.status) }

function send(topic, object) {
  for (const res of streams) res.write(`id: ${w.index}\nevent: ${topic}\ndata: ${JSON.stringify(object)}\n\n`)
}

function changed(topic, row) {
  row.index = ++w.index
  row.updated_at = new Date().toISOString()
  send(topic, row)
  return row
}

function record(action, noun, row) {
  const event = { id: String(w.index), created_at: new Date().toISOString(), by: 'user:admin', actor: 'user:admin', result: 'ok', detail: '', action, object: { kind: noun, id: row.id, name: row.name ?? '' } }
  w.events.unshift(event)
  send('events', event)
}

class Refusal extends Error {
  constructor(status, detail, errors) {
    super(detail)
    this.status = status
    this.errors = errors
  }
}

const filters = {
  status: (row, v) => row.status === v,
  role: (row, v) => row.roles.includes(v),
  mode: (row, v) => row.mode === v,
  site: (row, v) => row.site === v,
  enabled: (row, v) => String(row.enabled) === v,
  group: (row, v) => row.groups.includes(v),
  origin: (row, v) => row.origin === v,
  client: (row, v) => row.client === v,
  task: (row, v) => row.task === v,
  node: (row, v) => row.node === v,
  object: (row, v) => row.object.id === v,
  from: (row, v) => row.created_at >= v,
  to: (row, v) => row.created_at < v,
}

function list(rows, query) {
  const q = (query.get('q') ?? '').toLowerCase()
  let out = q === '' ? rows : rows.filter((row) => [row.name, row.id, row.address, row.task, row.client, row.node].some((t) => t?.toLowerCase().includes(q)))
  for (const [name, keep] of Object.entries(filters)) {
    const any = query.getAll(name)
    if (any.length > 0) out = out.filter((row) => any.some((v) => keep(row, v)))
  }
  const sort = query.get('sort') ?? ''
  const field = sort.replace(/^-/, '')
  if (field) {
    const key = rank[field] ?? ((row) => row[field] ?? '')
    const way = sort.startsWith('-') ? -1 : 1
    out = [...out].sort((a, b) => (key(a) < key(b) ? -way : key(a) > key(b) ? way : a.id < b.id ? -1 : 1))
  }
  const at = Number(query.get('next') ?? 0)
  const limit = Number(query.get('limit') ?? 100)
  return { items: out.slice(at, at + limit), total: out.length, next: at + limit < out.length ? String(at + limit) : undefined }
}

/** What is wrong: the nodes that are offline. */
function alerts() {
  const items = w.nodes
    .filter((node) => node.status === 'offline')
    .map((node) => ({ severity: 'critical', kind: 'node_offline', object: { kind: 'nodes', id: node.id, name: node.name }, since: node.last_seen, text: `${node.name} is offline` }))
  return { items, total: items.length }
}

function find(rows, id, noun) {
  const row = rows.find((r) => r.id === id || r.name === id)
  if (!row) throw new Refusal(404, `no ${noun} ${id}`)
  return row
}

function drop(topic, rows, row) {
  rows.splice(rows.indexOf(row), 1)
  w.index++
  send('removed', { topic, id: row.id })
}

function createUser(body) {
  if (w.users.some((u) => u.name === body.name)) throw new Refusal(409, `there is a user ${body.name} already`)
  if (body.password.length < 12) throw new Refusal(422, 'invalid', [{ field: 'password', message: 'needs at least 12 characters' }])
  const at = new Date().toISOString()
  const row = { id: newID(w.rnd), created_at: at, full_name: body.full_name ?? '', name: body.name, groups: body.groups, enabled: true, origin: 'cluster' }
  w.users.push(row)
  record('user.create', 'users', row)
  return changed('users', row)
}

function runBackup(body) {
  const task = find(w.tasks, body.task, 'task')
  const at = new Date().toISOString()
  const row = { id: newID(w.rnd), created_at: at, task: task.name, client: task.client, status: 'queued', attempt: 0, node: '', storages: [], started_at: null, finished_at: null, error: null, stats: {}, progress: null }
  w.backups.unshift(row)
  record('backup.create', 'backups', row)
  const total = 400e6
  let done = 0
  setTimeout(() => changed('backups', Object.assign(row, { status: 'running', attempt: 1, node: 'bm-ams2-0032', storages: ['sto-ams2-0001'], started_at: new Date().toISOString() })), 700)
  const timer = setInterval(() => {
    if (row.status !== 'running') return row.status !== 'queued' && clearInterval(timer)
    done += 20e6
    row.progress = { phase: 'upload', files: done / 1e5, bytes: done, total_files: total / 1e5, total_bytes: total, rate: 80e6, eta: `${Math.ceil((total - done) / 80e6)}s` }
    if (done < total) return send('progress', { id: row.id, progress: row.progress })
    clearInterval(timer)
    changed('backups', Object.assign(row, { status: 'succeeded', progress: null, finished_at: new Date().toISOString(), stats: { files: total / 1e5, bytes: total, new_bytes: total / 10, warnings: 0 } }))
  }, 250)
  return changed('backups', row)
}

function restore(backup, body) {
  if (!body.target.startsWith('/')) throw new Refusal(422, 'invalid', [{ field: 'target', message: 'must be absolute' }])
  const row = { id: newID(w.rnd), backup, status: 'running', ...body, progress: null, error: null, created_at: new Date().toISOString() }
  w.restores.push(row)
  setTimeout(() => (row.status = 'succeeded'), 2500)
  return row
}

function files(path) {
  const at = new Date(Date.now() - 8.64e7).toISOString()
  const entry = (name, type, size, mode) => ({ name, type, size, mode, modified_at: at, path: path === '/' ? `/${name}` : `${path}/${name}` })
  if (path === '/') return { items: [entry('srv', 'directory', 0, '0755')], total: 1 }
  if (path === '/srv') return { items: [entry('data', 'directory', 0, '0755')], total: 1 }
  const items = [entry('reports', 'directory', 0, '0755'), entry('q3.pdf', 'file', 1.2e6, '0644'), entry('latest', 'symlink', 0, '0777'), entry('notes.txt', 'file', 2048, '0600')]
  return { items, total: items.length }
}

const cluster = () => ({
  leader: w.leader,
  term: w.term,
  members: w.nodes.filter((n) => n.roles[0] === 'cluster-manager').map((n) => ({ id: n.id, name: n.name, voter: true, healthy: n.status === 'online', last_index: w.index })),
  failure_tolerance: 2,
  commit_index: w.index,
  digest: 'x',
})

/** Method and path to what answers. */
const routes = [
  ['GET', /^\/v1\/me$/, () => ({ user: w.users[0], groups: ['Superusers'], rights: ['*'], served_by: w.servedBy })],
  ['POST', /^\/v1\/logout$/, () => undefined],
  ['GET', /^\/v1\/alerts$/, alerts],
  ['GET', /^\/v1\/stats$/, () => stats(w)],
  ['GET', /^\/v1\/cluster$/, () => cluster()],
  ['GET', /^\/v1\/events$/, (_, { query }) => list(w.events, query)],
  ['GET', /^\/v1\/(nodes|users|groups|clients|tasks|backups)$/, ([noun], { query }) => list(w[noun], query)],
  ['GET', /^\/v1\/nodes\/([^/]+)\/events$/, ([id], { query }) => list(w.events.filter((e) => e.object.id === id), query)],
  ['GET', /^\/v1\/backups\/([^/]+)\/files$/, (_, { query }) => files(query.get('path') ?? '/')],
  ['GET', /^\/v1\/(nodes|users|backups|restores)\/([^/]+)$/, ([noun, id]) => find(w[noun], id, noun)],
  ['PATCH', /^\/v1\/(nodes|users)\/([^/]+)$/, ([noun, id], { body }) => {
    const row = Object.assign(find(w[noun], id, noun), body)
    record(`${noun.slice(0, -1)}.update`, noun, row)
    return changed(noun, row)
  }],
  ['DELETE', /^\/v1\/users\/([^/]+)$/, ([id]) => drop('users', w.users, find(w.users, id, 'user'))],
  ['DELETE', /^\/v1\/backups\/([^/]+)$/, ([id]) => void changed('backups', Object.assign(find(w.backups, id, 'backup'), { status: 'deleted' }))],
  ['POST', /^\/v1\/users$/, (_, { body }) => createUser(body)],
  ['POST', /^\/v1\/backups$/, (_, { body }) => runBackup(body)],
  ['POST', /^\/v1\/backups\/([^/]+)\/cancel$/, ([id]) => changed('backups', Object.assign(find(w.backups, id, 'backup'), { status: 'cancelled', finished_at: new Date().toISOString() }))],
  ['POST', /^\/v1\/backups\/([^/]+)\/restore$/, ([id], { body }) => restore(id, body)],
]

function reply(res, status, body, type = 'application/json') {
  res.writeHead(status, { 'Content-Type': type, 'Bcm-Served-By': w.servedBy, 'Bcm-Leader': w.leader, 'Bcm-Index': String(w.index) })
  res.end(body === undefined ? '' : JSON.stringify(body))
}

function refuse(res, status, detail, errors) {
  reply(res, status, { title: 'Refused', status, detail, errors, request_id: newID(w.rnd) }, 'application/problem+json')
}

function stream(req, res) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  res.write(': hello\n\n')
  streams.add(res)
  const beat = setInterval(() => res.write(': beat\n\n'), 15_000)
  req.on('close', () => {
    streams.delete(res)
    clearInterval(beat)
  })
}

const kinds = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' }

/** The built console, under the same policy as ui/handler.go. */
function serveFile(path, res) {
  const file = join(dist, path)
  if (path !== '/' && existsSync(`${file}.br`)) {
    res.writeHead(200, { 'Content-Type': kinds[extname(path)] ?? 'text/plain', 'Content-Encoding': 'br' })
    return res.end(readFileSync(`${file}.br`))
  }
  if (extname(path) === '.woff2') {
    res.writeHead(200, { 'Content-Type': 'font/woff2' })
    return res.end(readFileSync(file))
  }
  const nonce = newID(Math.random)
  res.writeHead(200, {
    'Content-Type': 'text/html',
    'Content-Security-Policy': `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  })
  res.end(readFileSync(join(dist, 'index.html'), 'utf8').replaceAll('BCM_NONCE', nonce))
}

async function readBody(req) {
  let text = ''
  for await (const chunk of req) text += chunk
  return text === '' ? undefined : JSON.parse(text)
}

async function answer(req, res) {
  const url = new URL(req.url, 'http://mock')
  if (url.pathname === '/livez') return reply(res, 200, 'ok')
  if (!url.pathname.startsWith('/v1/')) return serveFile(url.pathname, res)
  const body = await readBody(req)
  if (url.pathname === '/v1/login') {
    if (body.name !== 'admin' || body.password !== 'admin') return refuse(res, 401, 'wrong name or password')
    res.setHeader('Set-Cookie', 'bcm-mock=1; Path=/; HttpOnly; SameSite=Strict')
    return reply(res, 200, { token: 'x', expires_at: '', user: w.users[0] })
  }
  if (!req.headers.cookie?.includes('bcm-mock=1')) return refuse(res, 401, 'log in')
  if (url.pathname === '/v1/logout') res.setHeader('Set-Cookie', 'bcm-mock=; Path=/; Max-Age=0')
  if (url.pathname === '/v1/stream') return stream(req, res)
  for (const [method, pattern, act] of routes) {
    const found = method === req.method && pattern.exec(url.pathname)
    if (!found) continue
    const out = act(found.slice(1).map(decodeURIComponent), { query: url.searchParams, body })
    return reply(res, out === undefined ? 204 : 200, out)
  }
  refuse(res, 404, `no route ${req.method} ${url.pathname}`)
}

const server = createServer((req, res) => {
  answer(req, res).catch((error) => {
    if (!(error instanceof Refusal)) console.error(error)
    if (!res.headersSent) refuse(res, error.status ?? 500, error.message, error.errors)
  })
})

setInterval(() => {
  const node = w.nodes[Math.floor(w.rnd() * w.nodes.length)]
  node.last_seen = new Date().toISOString()
  changed('nodes', node)
}, 500)

server.listen(Number(flags.port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port} admin / admin`))
