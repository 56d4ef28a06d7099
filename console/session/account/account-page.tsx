import { Stack, Text, Title } from '@mantine/core'
import { usePageTitle } from '../../app-shell/page-title.ts'
import { Panel, PanelBody } from '../../app-shell/panel.tsx'
import { useMe } from '../use-me.ts'
import { NewTokenForm } from './new-token-form.tsx'
import { TokenList } from './token-list.tsx'

/** Who is signed in, and the tokens of their programs. */
export function AccountPage() {
  usePageTitle('Your account')
  const me = useMe()
  return (
    <Stack gap="lg" maw={760}>
      <div>
        <Title order={1}>
          <bdi>{me.name}</bdi>
        </Title>
        <Text c="dimmed">
          {me.email}
          {me.operator && ', operator of this installation'}
        </Text>
        {me.teams.map((team) => (
          <Text c="dimmed" key={team.id}>
            {team.role} of <bdi>{team.name}</bdi>
          </Text>
        ))}
      </div>
      <Panel
        title="Tokens"
        note="For the command line on other machines, and for scripts. A token can do what you can."
      >
        <TokenList />
      </Panel>
      <Panel title="New token">
        <PanelBody>
          <NewTokenForm />
        </PanelBody>
      </Panel>
    </Stack>
  )
}
