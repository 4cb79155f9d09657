import { expect, until } from './lib.mjs'

/** SEP sesam servers: added by hand, looked into, managed, in step, and let go again. */
export async function servers(report, window, grid) {
  const { page } = window
  const [server] = grid.sesam
  if (!server) {
    console.log('skip  SEP sesam servers: this grid has none')
    return
  }
  const state = async () => (await grid.ask('GET', '/v1/sync')).items.find((s) => s.node === server.name)

  await report.check('a SEP sesam server is added after its certificate was shown and trusted', async () => {
    await window.go('/nodes')
    await page.getByRole('button', { name: 'Add a server' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(server.name)
    await dialog.getByRole('textbox', { name: 'Address' }).fill(server.url)
    await dialog.getByRole('textbox', { name: 'Account' }).fill(server.admin)
    await dialog.getByRole('textbox', { name: 'Password', exact: true }).fill(server.password)
    await window.expecting(/422/, async () => {
      await dialog.getByRole('button', { name: 'Ask for its certificate' }).click()
      await dialog.getByText(/([0-9a-f]{4} ){15}[0-9a-f]{4}/).waitFor()
    })
    expect(!(await state()), 'it was added before anybody trusted its certificate')
    await window.accessible()
    await window.picture('server-certificate')
    await dialog.getByRole('button', { name: 'Trust it and add' }).click()
    await page.getByRole('dialog').getByText('the server itself').waitFor()
    await until('the server is looked after', async () => (await grid.ask('GET', `/v1/nodes/${server.name}`)).server.carrier !== '')
    await page.getByRole('dialog').getByText('manager-').first().waitFor()
    await window.accessible()
    await window.picture('server-drawer')
  })
  await report.check('its objects are listed by kind, and found by name', async () => {
    await page.getByRole('button', { name: 'Its objects' }).click()
    await page.getByRole('heading', { name: `Objects of ${server.name}` }).waitFor()
    for (const kind of ['user', 'client', 'task', 'result']) {
      const { items, total } = await grid.ask('GET', `/v1/nodes/${server.name}/objects?kind=${kind}&sort=name`)
      await page.getByRole('tab', { name: `${kind[0].toUpperCase()}${kind.slice(1)}s` }).click()
      await window.count(total)
      await window.search(items[0].name)
      await window.row(items[0].name).first().waitFor()
    }
    await window.accessible()
    await window.picture('server-objects')
  })
  await report.check('before it is managed the page says what would be done, and asks what to take over', async () => {
    await window.go(`/nodes?node=${server.name}`)
    await page.getByRole('button', { name: 'Manage…' }).click()
    const dialog = page.getByRole('dialog', { name: `Manage ${server.name}` })
    await dialog.getByText(/\d+ created/).waitFor()
    expect(await dialog.getByRole('button', { name: 'Make it managed' }).isDisabled(), 'it is managed without a choice')
    await dialog.getByRole('radio', { name: 'Take them over' }).check()
    await dialog.getByText(/\d+ taken over/).waitFor()
    expect((await dialog.getByText(/\d+ disabled/).count()) === 0, 'what is taken over would be disabled')
    await window.accessible()
    await window.picture('server-manage')
    await dialog.getByRole('button', { name: 'Make it managed' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await until('the server is in step', async () => (await state()).status === 'in-step')
  })
  await report.check('synchronisation says that it is in step, and a user made here reaches it', async () => {
    await window.go('/sync')
    await window.row(server.name).getByText('In step').waitFor()
    await grid.ask('POST', '/v1/users', { name: 'sync-e2e', password: 'correct horse battery', groups: ['Operators'] })
    await until('the user is on the server', async () => {
      const { items } = await grid.ask('GET', `/v1/nodes/${server.name}/objects?kind=user&q=sync-e2e`)
      return items.length > 0
    })
    await window.row(server.name).click()
    await page.getByRole('dialog').getByText('Nothing differs.').waitFor()
    await window.accessible()
    await window.picture('sync-drawer')
  })
  await report.check('it is brought in step at once, after a dry run', async () => {
    await page.getByRole('dialog').getByRole('button', { name: 'Bring in step now' }).click()
    const dialog = page.getByRole('dialog', { name: `Bring ${server.name} in step` })
    await dialog.getByText('nothing to do').waitFor()
    await dialog.getByRole('button', { name: 'Bring in step now' }).click()
    await page.getByText('1 server is brought in step.').waitFor()
    await until('it is in step', async () => (await state()).status === 'in-step')
  })
  await report.check('it is its own master again when its name was typed', async () => {
    await window.go(`/nodes?node=${server.name}`)
    await page.getByRole('button', { name: 'Make standalone…' }).click()
    const dialog = page.getByRole('dialog', { name: `Make ${server.name} standalone?` })
    await dialog.getByRole('textbox').fill(server.name)
    await dialog.getByRole('button', { name: 'Make it standalone' }).click()
    await page.getByRole('button', { name: 'Manage…' }).waitFor()
    await until('the server is standalone', async () => (await state()).cluster_mode === 'standalone')
  })
}
