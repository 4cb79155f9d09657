import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { until } from './lib.mjs'

/** A grid of bcm dev, spoken to without a browser. */
export class Grid {
  constructor(dev) {
    this.managers = dev.managers
    this.nodes = dev.nodes
    this.sesam = dev.sesam ?? []
    this.admin = dev.admin
    this.members = [...dev.managers, ...dev.nodes]
    this.ca = readFileSync(dev.ca)
    this.dead = new Set()
  }

  /** Asks one manager, or the first one that lives. */
  ask(method, path, body, manager = this.managers.find((m) => !this.dead.has(m.name))) {
    const headers = { Authorization: `Bearer ${this.admin.token}`, ...(body && { 'Content-Type': 'application/json' }) }
    return new Promise((resolve, reject) => {
      const call = request(manager.url + path, { method, headers, ca: this.ca, timeout: 15_000 }, (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk) => (text += chunk))
        answer.on('end', () => {
          if (answer.statusCode >= 400) return reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`))
          resolve(text === '' ? undefined : JSON.parse(text))
        })
      })
      call.on('error', reject)
      call.on('timeout', () => call.destroy(new Error(`${method} ${path}: no answer`)))
      call.end(body && JSON.stringify(body))
    })
  }

  /** Takes SEP sesam servers out, so that they can be added by hand. */
  async withoutServers() {
    const { items } = await this.ask('GET', '/v1/nodes?role=sesam-server')
    for (const node of items.filter((n) => n.server)) await this.ask('DELETE', `/v1/nodes/${node.id}?force=true`)
  }

  async leaderName() {
    return (await until('there is a leader', async () => (await this.ask('GET', '/v1/cluster')).leader)) || ''
  }

  async leader() {
    const name = await this.leaderName()
    return this.managers.find((manager) => manager.name === name)
  }

  /** A manager that does not lead, so that its page outlives the leader. */
  async follower() {
    const name = await this.leaderName()
    return this.managers.find((manager) => manager.name !== name)
  }
}
