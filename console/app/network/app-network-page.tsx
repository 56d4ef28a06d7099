import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { networkRoutes } from '#contract/network-api.ts'
import { call } from '../../api/api.ts'
import { Loaded } from '../../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../../app-shell/panel.tsx'
import { MapPanel } from '../../network/map-panel.tsx'
import { appNoticesQuery, appRulesQuery } from '../../network/network-queries.ts'
import { type RuleDraft, requestOf } from '../../network/rule-draft.ts'
import { RuleForm } from '../../network/rule-form.tsx'
import { RulesTable } from '../../network/rules-table.tsx'

const PROCESS = { label: 'Process', hint: 'all of them' } as const

/** What an app may reach outside, who may reach it, and the way to change that. */
export function AppNetworkPage() {
  const { app } = useParams({ from: '/signed-in/apps/$app/network' })
  const query = useQuery(appRulesQuery(app))
  const notices = useQuery(appNoticesQuery(app)).data?.notices
  const send = ({ from, ...draft }: RuleDraft) => {
    const process = from.trim() === '' ? {} : { process: from.trim() }
    const body = { ...requestOf({ from, ...draft }), ...process }
    return call(networkRoutes.appAllow, { params: { app }, body })
  }
  return (
    <Loaded query={query}>
      {({ rules, approvalNeeded }) => (
        <Stack gap="lg">
          <Panel
            title="What it may reach outside"
            note={
              approvalNeeded
                ? 'What you ask for here is in force once an operator has approved it.'
                : 'It reaches nothing outside by itself. Private networks need an operator.'
            }
          >
            <RulesTable
              rules={rules.filter(({ builtIn }) => !builtIn)}
              app={app}
              notices={notices}
              none="Nothing yet: every connection to the outside is refused."
            />
          </Panel>
          <Panel
            title={approvalNeeded ? 'Ask for more' : 'Let it reach more'}
            note="A name, an address, a network, or internet for every public address."
          >
            <PanelBody>
              <RuleForm button={approvalNeeded ? 'Ask for it' : 'Allow'} first={PROCESS} send={send} />
            </PanelBody>
          </Panel>
          <MapPanel
            title="Its part of the network"
            rules={rules}
            about={`app:${app}`}
            ask={({ from: _, ...question }) =>
              call(networkRoutes.appExplain, { params: { app }, query: question })
            }
          />
        </Stack>
      )}
    </Loaded>
  )
}
