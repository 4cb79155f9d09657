import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, until, Window } from './lib.mjs'

/** Nearly nine thousand rows, scrolled by jumps: windows being loaded must never change the height. */
export async function scroll(report, browser) {
  const mock = spawn(process.execPath, [join(import.meta.dirname, '../test/mock/server.mjs'), '--port', '0', '--nodes', '8999'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const base = await new Promise((resolve, reject) => {
      mock.stdout.once('data', (text) => resolve(String(text).split(' ')[0]))
      mock.once('exit', (code) => reject(new Error(`the mock server ended with ${code}`)))
    })
    await report.check('a list of 8,999 rows is scrolled by jumps', () => jumps(browser, base))
  } finally {
    mock.kill()
  }
}

async function jumps(browser, base) {
  const window = await Window.open(browser, base)
  const { page } = window
  await window.login({ name: 'admin', password: 'admin' })
  await window.go('/nodes')
  await window.count(8999)
  const grid = page.getByRole('grid')
  const height = () => grid.evaluate((element) => element.scrollHeight)
  const before = await height()
  for (const part of [0.5, 0.02, 1, 0.3, 0.99, 0]) {
    await grid.evaluate((element, at) => (element.scrollTop = element.scrollHeight * at), part)
    for (let i = 0; i < 4; i++) {
      expect((await height()) === before, `the height changed from ${before} to ${await height()}`)
      await page.waitForTimeout(50)
    }
    await until(`rows at ${part * 100} %`, async () => (await page.locator('.grid-body .skeleton').count()) === 0)
    const shown = await page.locator('.grid-body > .grid-row').count()
    expect(shown > 10 && shown < 60, `${shown} rows in the document`)
  }
  await page.getByRole('grid').focus()
  await page.keyboard.press('End')
  await page.getByText('of 8,999 nodes').waitFor()
  await until('the last row is current', () =>
    grid.evaluate((element) => document.getElementById(element.getAttribute('aria-activedescendant'))?.getAttribute('aria-rowindex') === '9000'),
  )
  expect(window.complaints.length === 0, window.complaints.join('\n'))
  await window.context.close()
}
