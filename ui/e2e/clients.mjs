import { expect, until } from './lib.mjs'

/** Clients, repositories and access: made, explained, read again, limited, removed. */
export async function clients(report, window, grid) {
  const { page } = window
  const name = `e2e-client-${Date.now().toString(36)}`
  const dialog = page.getByRole('dialog')

  await report.check('a client is made', async () => {
    await page.getByRole('link', { name: 'Clients' }).first().click()
    await page.getByRole('button', { name: 'New client' }).click()
    await dialog.getByLabel('Name').fill(name)
    await dialog.getByLabel('Labels').first().fill('rack=7')
    await window.accessible()
    await window.picture('client-new')
    await dialog.getByRole('button', { name: 'Make client' }).click()
    await dialog.getByText('rack=7').waitFor()
  })
  await report.check('why which nodes answer for it is told', async () => {
    await dialog.getByRole('button', { name: 'Why these nodes?' }).click()
    for (const role of ['Backup manager', 'Backup storage']) await dialog.getByRole('region', { name: role }).getByRole('listitem').first().waitFor()
    await window.accessible()
    await window.picture('client-why')
  })
  await report.check('access is limited to a group, which is explained, and opened again', async () => {
    await dialog.getByRole('button', { name: 'Limit access' }).click()
    await dialog.getByRole('combobox', { name: 'Groups' }).click()
    await page.getByRole('option', { name: 'Operators' }).click()
    await dialog.getByRole('heading', { name: 'Access' }).click() // closes the choice
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('Only group Operators').waitFor()
    expect((await grid.ask('GET', `/v1/acls/clients/${name}?consistent`)).groups.join() === 'Operators', 'the server has another list')
    await dialog.getByRole('status').waitFor()
    await window.accessible()
    await window.picture('client-access')
    await dialog.getByRole('button', { name: 'Open to all…' }).click()
    await page.getByRole('dialog', { name: `Open ${name} to all?` }).getByRole('button', { name: 'Remove the list' }).click()
    await dialog.getByText('Open: everybody').waitFor()
  })
  await report.check('it is removed after its name was typed', async () => {
    await dialog.getByRole('button', { name: 'Remove…' }).click()
    await page.getByLabel(/to confirm/).fill(name)
    await page.getByRole('dialog', { name: `Remove ${name}?` }).getByRole('button', { name: 'Remove', exact: true }).click()
    await until('it is gone', async () => (await grid.ask('GET', `/v1/clients?q=${name}`)).total === 0)
  })
  await report.check('a repository is read again, and says so', async () => {
    const used = (await grid.ask('GET', '/v1/repositories')).items.find((repository) => repository.filled)
    await page.getByRole('link', { name: 'Repositories' }).first().click()
    await window.search(used.name)
    await window.row(used.name).first().click()
    await dialog.getByRole('button', { name: 'Read again' }).first().click()
    await dialog.getByText('Scrub', { exact: true }).first().waitFor()
    await until('it was read', async () => (await grid.ask('GET', `/v1/repositories/${used.id}`)).copies[0].scrubbed_at, 60_000)
    await dialog.getByText(/\d+ blobs?, [\d.]+ .?B; read again:/).waitFor({ timeout: 30_000 })
    await window.accessible()
    await window.picture('repository')
    await page.keyboard.press('Escape')
  })
  await report.check('what depends on a storage is told before it is drained or removed', async () => {
    const storage = grid.nodes.find((node) => node.roles.includes('backup-storage'))
    await window.go(`/nodes?node=${storage.name}`)
    await dialog.getByRole('heading', { name: 'What if it dies' }).waitFor()
    await dialog.getByText(/Lost for good|Nothing stands still|wait until/).first().waitFor()
    await window.accessible()
    await window.picture('node-impact')
    await dialog.getByRole('button', { name: 'Drain…' }).click()
    await page.getByRole('dialog', { name: `Drain ${storage.name}?` }).getByRole('button', { name: 'Cancel' }).click()
    await dialog.getByRole('button', { name: 'Remove…' }).click()
    const remove = page.getByRole('dialog', { name: `Remove ${storage.name}?` })
    await remove.getByRole('button', { name: 'Remove', exact: true }).waitFor()
    expect(await remove.getByRole('button', { name: 'Remove', exact: true }).isDisabled(), 'it could be removed without its name')
    await window.picture('node-remove')
    await remove.getByRole('button', { name: 'Cancel' }).click()
  })
}
