import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, until } from './lib.mjs'

/** Restores and proofs: a file is found, its states are told, several are tried and restored; a drill proves it. */
export async function restores(report, window, grid) {
  const { page } = window
  const dir = mkdtempSync(join(tmpdir(), 'bcm-e2e-restore-'))
  const source = join(dir, 'source')
  const target = join(dir, 'target')
  const name = `e2e-files-${Date.now().toString(36)}`
  const file = `${name}.txt`
  const dialog = page.getByRole('dialog')
  try {
    mkdirSync(join(source, 'sub'), { recursive: true })
    writeFileSync(join(source, file), 'first\n')
    writeFileSync(join(source, 'sub', 'other.txt'), 'other\n')
    const client = (await grid.ask('POST', '/v1/clients', { name })).name
    await grid.ask('POST', '/v1/tasks', { name, client, source: { paths: [source] } })
    await backedUp(1)
    writeFileSync(join(source, file), 'second, longer\n')
    await backedUp(2)
    await steps(client)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }

  async function backedUp(n) {
    await grid.ask('POST', '/v1/backups', { task: name })
    await until(`backup ${n} is stored`, async () => (await grid.ask('GET', `/v1/backups?task=${name}&status=succeeded`)).total === n, 90_000)
  }

  async function steps(client) {
    await report.check('a file is found by a part of its name', async () => {
      await window.go(`/find?client=${client}`)
      await page.getByLabel('Name').fill(name)
      await page.getByRole('button', { name: 'Find', exact: true }).click()
      await page.getByRole('link', { name: `/${file}` }).first().waitFor({ timeout: 60_000 })
      await page.getByText('2 of 2 backups searched.').waitFor()
      await window.accessible()
      await window.fits()
      await window.picture('find')
    })
    await report.check('its history has both states, to load and to restore', async () => {
      await page.getByRole('button', { name: 'History' }).first().click()
      await dialog.getByRole('link', { name: 'Download' }).nth(1).waitFor()
      await window.accessible()
      await window.picture('history')
      await page.keyboard.press('Escape')
    })
    await report.check('several files are tried first, and nothing is written by that', async () => {
      const newest = (await grid.ask('GET', `/v1/backups?task=${name}&sort=-created_at&limit=1`)).items[0]
      await window.go(`/backups/${newest.id}/browse`)
      await page.getByRole('checkbox', { name: 'Select all' }).check()
      await page.getByRole('region', { name: 'Selected rows' }).getByRole('button', { name: 'Restore' }).click()
      await dialog.getByPlaceholder('Choose a node').click()
      await page.getByRole('option').first().click()
      await dialog.getByLabel('Folder', { exact: true }).fill(target)
      await dialog.getByRole('button', { name: 'Try first' }).click()
      await dialog.getByText(/would change: .*new/).waitFor({ timeout: 60_000 })
      await window.accessible()
      await window.picture('restore-tried')
      expect(content(join(target, file)) === undefined, 'the trial has written')
    })
    await report.check('then they are restored in one go, and the list of restores has it', async () => {
      await dialog.getByRole('button', { name: 'Back' }).click()
      await dialog.getByRole('button', { name: 'Restore', exact: true }).click()
      await dialog.getByText('Succeeded').waitFor({ timeout: 60_000 })
      await dialog.getByRole('button', { name: 'Close' }).last().click()
      expect(content(join(target, file)) === 'second, longer\n', 'the file is not what it was')
      expect(content(join(target, 'sub', 'other.txt')) === 'other\n', 'the folder did not come along')
      await page.getByRole('link', { name: 'Restores' }).first().click()
      await window.row(client).first().waitFor()
      await window.row(client).first().click()
      await dialog.getByText(target).waitFor()
      await window.accessible()
      await window.picture('restores')
      await page.keyboard.press('Escape')
    })
    await report.check('a folder is loaded as an archive', async () => {
      const newest = (await grid.ask('GET', `/v1/backups?task=${name}&sort=-created_at&limit=1`)).items[0]
      await window.go(`/backups/${newest.id}/browse`)
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download as tar.gz' }).click()])
      const packed = readFileSync(await download.path())
      expect(packed[0] === 0x1f && packed[1] === 0x8b, 'that is no gzip')
    })
    await report.check('a backup shows its log, and a drill proves it with a signed report', async () => {
      const newest = (await grid.ask('GET', `/v1/backups?task=${name}&sort=-created_at&limit=1`)).items[0]
      await window.go(`/backups/${newest.id}`)
      await page.getByRole('list', { name: 'Lines of the log' }).getByText(/succeeded/).waitFor()
      await page.getByRole('button', { name: 'Run a restore drill' }).click()
      await page.getByText(/2 files restored and the same/).waitFor({ timeout: 60_000 })
      await window.accessible()
      await window.picture('backup-proof')
      await page.getByRole('link', { name: 'Restore drill', exact: true }).first().click()
      await dialog.getByText('has signed this report with a certificate of this cluster').waitFor()
      await window.accessible()
      await window.picture('drill')
      await page.keyboard.press('Escape')
    })
  }
}

function content(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
