import { chromium } from 'playwright-core'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(import.meta.url)
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const shots = process.env.BCM_SHOTS ?? ''

/** How long anything on the page may take; test machines are busy. */
export const patience = 20_000

/** Counts checks, one line each. */
export class Report {
  passed = 0
  failed = 0

  async check(name, act) {
    const began = Date.now()
    try {
      await act()
      this.passed++
      console.log(`ok    ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`)
      return true
    } catch (error) {
      this.failed++
      console.log(`FAIL  ${name}: ${String(error.message ?? error).split('\n').slice(0, 12).join('\n      ')}`)
      return false
    }
  }
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.BCM_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

const desk = { viewport: { width: 1440, height: 900 } }
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true }

/** One window on one manager, which remembers what its console complained about. */
export class Window {
  complaints = []
  expected = []

  static async open(browser, base, { small = false, dark = false } = {}) {
    const self = new Window()
    self.base = base
    self.context = await browser.newContext({ ...(small ? phone : desk), colorScheme: dark ? 'dark' : 'light', ignoreHTTPSErrors: true })
    self.page = await self.context.newPage()
    self.page.setDefaultTimeout(patience)
    self.page.on('pageerror', (error) => self.complain(`exception: ${error.message}`))
    self.page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') self.complain(`${message.text()} ${message.location().url ?? ''}`)
    })
    return self
  }

  complain(text) {
    if (!this.expected.some((pattern) => pattern.test(text))) this.complaints.push(text)
  }

  /** Lets the browser log failed requests while act brings them about. */
  async expecting(pattern, act) {
    this.expected.push(pattern)
    await act()
    await this.page.waitForTimeout(300) // the log comes after the answer
    this.expected.pop()
  }

  go(path) {
    return this.page.goto(this.base + path)
  }

  async login({ name, password }) {
    await this.go('/login')
    await this.page.getByLabel('Name').fill(name)
    await this.page.getByLabel('Password', { exact: true }).fill(password)
    await this.page.getByRole('button', { name: 'Log in' }).click()
    await this.page.getByRole('heading', { name: 'Overview' }).waitFor()
  }

  /** The rows in sight, as text. */
  async rows() {
    return this.page.locator('.grid-body > .grid-row[data-id]').allInnerTexts()
  }

  row(text) {
    return this.page.locator('.grid-body > .grid-row[data-id]', { hasText: text })
  }

  /** Waits until the grid has so many rows in all. */
  async count(n) {
    await this.page.waitForFunction((want) => document.querySelector('[role=grid]')?.getAttribute('aria-rowcount') === String(want + 1), n)
  }

  search(text) {
    return this.page.getByRole('searchbox').fill(text)
  }

  /** Sets one choice of one filter. */
  async filter(name, choice) {
    await this.page.getByRole('search').getByRole('button', { name }).click()
    await this.page.getByRole('menuitemcheckbox', { name: choice }).click()
    await this.page.keyboard.press('Escape')
    await this.page.getByRole('menu').waitFor({ state: 'hidden' })
  }

  async picture(name) {
    if (shots === '') return
    mkdirSync(shots, { recursive: true })
    await this.page.screenshot({ path: join(shots, `${name}.png`) })
  }

  /** Looks for what people with impairments could not use. */
  async accessible() {
    await this.page.waitForTimeout(400) // what fades in has done so
    const violations = await this.page.evaluate(async (source) => {
      if (!window.axe) new Function(source)() // eslint-disable-line no-new-func
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
      const found = await window.axe.run(document, { runOnly: tags })
      return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).slice(0, 3).join(' | ')}`)
    }, axe)
    expect(violations.length === 0, violations.join('\n'))
  }

  /** Nothing reaches beyond the side of the window. */
  async fits() {
    const over = await this.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(over <= 0, `the page is ${over} px wider than the window`)
  }
}

export function expect(condition, message) {
  if (!condition) throw new Error(message)
}

/** Asks until the answer is yes. */
export async function until(what, ask, limit = patience) {
  const end = Date.now() + limit
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    expect(Date.now() < end, `still not after ${limit / 1000} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
