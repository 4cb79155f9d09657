import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, until } from './lib.mjs'

/** A tree that takes a backup a few seconds. */
function tree() {
  const dir = mkdtempSync(join(tmpdir(), 'bcm-e2e-'))
  const source = join(dir, 'source')
  for (let i = 0; i < 40; i++) {
    mkdirSync(join(source, `folder-${i}`), { recursive: true })
    for (let k = 0; k < 50; k++) writeFileSync(join(source, `folder-${i}`, `file-${k}`), randomBytes(20_000))
  }
  writeFileSync(join(source, 'note.txt'), 'what is restored is what was backed up\n')
  return { dir, source }
}

/** The life of a backup: run, watched, found, browsed, restored, deleted. */
export async function backups(report, window, grid) {
  const { page } = window
  const { dir, source } = tree()
  const task = `e2e-${Date.now().toString(36)}`
  let id = ''
  try {
    const client = (await grid.ask('GET', '/v1/clients?limit=1')).items[0]?.name ?? (await grid.ask('POST', '/v1/clients', { name: 'e2e' })).name
    await grid.ask('POST', '/v1/tasks', { name: task, client, source: { paths: [source] } })
    await lifeOf()
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }

  async function lifeOf() {
    await report.check('a backup of a task is run', async () => {
      await window.go('/backups')
      await page.getByRole('button', { name: 'Run backup' }).click()
      await page.getByRole('dialog').getByPlaceholder('Choose a task').click()
      await page.getByRole('option', { name: task }).click()
      await window.picture('backup-run')
      await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click()
      await page.waitForURL(/\/backups\/[a-z0-9]{26}$/)
      id = page.url().split('/').at(-1)
    })
    await report.check('it is watched to its end, without a reload', async () => {
      await page.evaluate(() => (window.untouched = true))
      await page.getByRole('heading', { name: 'Progress' }).waitFor({ timeout: 3000 }).catch(() => {}) // it may be over already
      await window.picture('backup-running')
      await page.locator('.badge', { hasText: 'Succeeded' }).waitFor({ timeout: 90_000 })
      await page.getByText('2,001').waitFor()
      expect(await page.evaluate(() => window.untouched === true), 'the page was loaded again')
      await window.accessible()
      await window.picture('backup-done')
    })
    await report.check('it is found by status, by task and by ID', async () => {
      await page.getByRole('link', { name: 'Backups' }).first().click()
      await window.filter('Status', 'Succeeded')
      await window.row(id.slice(0, 8)).waitFor()
      await window.filter('Task', task)
      await window.count(1)
      await page.getByRole('button', { name: 'Clear', exact: true }).click()
      await window.search(id)
      await window.count(1)
      await window.filter('Status', 'Failed')
      await page.getByText('No backup matches these filters').waitFor()
      await page.getByRole('button', { name: 'Clear', exact: true }).first().click()
      await window.row(task).first().waitFor()
      await window.picture('backups')
    })
    await report.check('its files are browsed', async () => {
      await window.row(task).first().click()
      await page.getByRole('button', { name: 'Browse files' }).click()
      await page.getByRole('button', { name: 'folder-7', exact: true }).click()
      await page.getByText('file-49').waitFor()
      await window.accessible()
      await window.picture('browse')
      await page.getByRole('navigation', { name: 'Path' }).getByRole('button', { name: 'All' }).click()
      await page.getByText('note.txt').waitFor()
    })
    await report.check('one file is restored, and is what it was', async () => {
      const target = join(dir, 'restored')
      await page.getByRole('checkbox', { name: 'Select note.txt' }).check()
      await page.getByRole('region', { name: 'Selected rows' }).getByRole('button', { name: 'Restore' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByPlaceholder('Choose a node').click()
      await page.getByRole('option').first().click()
      await dialog.getByLabel('Folder', { exact: true }).fill(target)
      await window.picture('restore')
      await dialog.getByRole('button', { name: 'Restore', exact: true }).click()
      await dialog.getByText('Succeeded').waitFor({ timeout: 60_000 })
      await dialog.getByRole('button', { name: 'Close' }).last().click()
      const restored = await until('the file is there', () => read(join(target, 'note.txt')))
      expect(restored === readFileSync(join(source, 'note.txt'), 'utf8'), restored)
    })
    await report.check('it is deleted, after it was confirmed', async () => {
      await window.go(`/backups/${id}`)
      await page.getByRole('button', { name: 'Delete…' }).click()
      await page.getByLabel(/to confirm/).fill('delete 1')
      await window.picture('backup-delete')
      await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
      await page.waitForURL(/\/backups$/)
      await window.filter('Status', 'Deleted')
      await window.row(id.slice(0, 8)).waitFor()
      expect((await grid.ask('GET', `/v1/backups/${id}`)).status === 'deleted', 'the server still has it')
    })
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
