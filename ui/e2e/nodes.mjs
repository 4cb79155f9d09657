import { expect, until } from './lib.mjs'

const roleWords = { 'cluster-manager': 'Manager', 'backup-manager': 'Backup manager', 'backup-storage': 'Backup storage' }

/** The list of nodes: all there, found, filtered, sorted, changed. */
export async function nodes(report, window, grid) {
  const { page } = window
  const all = grid.members.length
  const storages = grid.nodes.filter((node) => node.roles.includes('backup-storage'))
  const first = grid.nodes[0]

  await report.check('all nodes of the grid are listed, with role and state', async () => {
    await page.getByRole('link', { name: 'Nodes' }).first().click()
    await window.count(all)
    for (const member of grid.members) {
      const line = await window.row(member.name).innerText()
      const role = roleWords[member.roles?.[0] ?? 'cluster-manager']
      expect(line.includes(role) && line.includes('Online'), `${member.name}: ${line.replace(/\s+/g, ' ')}`)
    }
    await window.picture('nodes')
  })
  await report.check('a filter by role leaves the storages, and the URL holds it', async () => {
    await window.filter('Role', 'Backup storage')
    await window.count(storages.length)
    expect(new URL(page.url()).search === '?role=backup-storage', page.url())
    await window.picture('nodes-filtered')
  })
  await report.check('a reload and a link keep the filter', async () => {
    await page.reload()
    await window.count(storages.length)
    const lines = await window.rows()
    expect(storages.every((node) => lines.some((line) => line.includes(node.name))), lines.join(' '))
  })
  await report.check('a filter by state, and Clear', async () => {
    await window.filter('Status', 'Offline')
    await page.getByText('No node matches these filters').waitFor()
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
    await window.count(all)
    await window.filter('Status', 'Online')
    await window.count(all)
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
  })
  await report.check('a node is found by name and by ID', async () => {
    for (const text of [first.name, first.id, first.id.slice(0, 12).toUpperCase()]) {
      await window.search(text)
      await window.count(1)
      await window.row(first.name).waitFor()
    }
    await window.search('')
    await window.count(all)
  })
  await report.check('titles sort, both ways', async () => {
    const names = async () => (await window.rows()).map((line) => line.trim().split(/\s+/)[0])
    const sorted = grid.members.map((member) => member.name).sort()
    await page.getByRole('button', { name: 'Name' }).click()
    await until('sorted by name', async () => (await names()).join() === sorted.join())
    await page.getByRole('button', { name: 'Name' }).click()
    await until('sorted the other way', async () => (await names()).join() === [...sorted].reverse().join())
    expect(page.url().includes('sort=-name'), page.url())
  })
  await report.check('the keyboard goes to a node and opens it', async () => {
    await window.go('/nodes?sort=name')
    await window.count(all)
    await page.getByRole('grid').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByText(first.id).waitFor()
    await page.getByRole('dialog').getByRole('heading', { name: 'Live events' }).waitFor()
    await window.accessible()
    await window.picture('node-drawer')
  })
  const openDialogs = (n) => until(`${n} dialogs are open`, async () => (await page.getByRole('dialog').count()) === n)
  await report.check('the mode of a node is changed, and shows in the list by itself', async () => {
    for (const mode of ['Maintenance', 'Active']) {
      await page.getByRole('button', { name: 'Change mode' }).click()
      await page.getByRole('radio', { name: mode }).check()
      await page.getByRole('button', { name: 'Set mode' }).click()
      await until(`the row says ${mode}`, async () => (await window.row(first.name).innerText()).includes(mode))
    }
    await openDialogs(1) // what lay above is gone
    await page.keyboard.press('Escape')
    await openDialogs(0)
    expect(!page.url().includes('node='), page.url())
  })
  await report.check('the palette finds a node from anywhere', async () => {
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder('Search or jump to…').fill(storages[0].name)
    await page.locator('.palette').getByText(storages[0].name).first().waitFor()
    await window.accessible()
    await window.picture('palette')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByText(storages[0].id).waitFor()
    await openDialogs(1) // what lay above is gone
    await page.keyboard.press('Escape')
    await openDialogs(0)
  })
  await report.check('keys jump between pages, and ? tells which', async () => {
    await page.keyboard.type('gu')
    await page.getByRole('heading', { name: 'Users' }).waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog').getByText('Go to nodes').waitFor()
    await openDialogs(1) // what lay above is gone
    await page.keyboard.press('Escape')
    await openDialogs(0)
  })
}
