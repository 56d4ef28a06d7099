import { Button, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Partner } from '#contract/guard.ts'
import { guardRoutes } from '#contract/guard-api.ts'
import { ago } from '#runtime/kit/human-units.ts'
import { call } from '../api/api.ts'
import cells from '../app/cells.module.css'
import { ConfirmButton } from '../app-shell/confirm-button.tsx'
import { DataTable } from '../app-shell/data-table.tsx'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { refusedField } from '../app-shell/refused-field.ts'
import { useServerTime } from '../live/use-server-time.ts'
import { partnersQuery } from './network-queries.ts'
import classes from './rule-form.module.css'
import { useGuardChange } from './use-topic-change.ts'

/** Who is never judged, and the way to name one. */
export function PartnersPanel() {
  const query = useQuery(partnersQuery)
  return (
    <Panel title="Partners" note="Never judged by the hosts: your own networks and monitoring.">
      <Loaded query={query}>
        {({ partners }) =>
          partners.length === 0 ? (
            <PanelBody>
              <Text size="sm">There is none yet. Name the network that you reach the hosts’ ssh from.</Text>
            </PanelBody>
          ) : (
            <DataTable label="Partners" columns={['Who', 'Why', 'Since', '.Remove']} minWidth={480}>
              {partners.map((partner) => (
                <Row key={partner.source} partner={partner} />
              ))}
            </DataTable>
          )
        }
      </Loaded>
      <PanelBody>
        <div className={classes.below}>
          <PartnerForm />
        </div>
      </PanelBody>
    </Panel>
  )
}

function Row({ partner: { source, reason, by, since } }: { readonly partner: Partner }) {
  const now = useServerTime()
  const remove = useGuardChange(() => call(guardRoutes.removePartner, { body: { source } }))
  return (
    <tr>
      <td className={cells.name}>{source}</td>
      <td>
        <bdi>{reason}</bdi>
        <bdi className={cells.below}>by {by}</bdi>
      </td>
      <td data-live>{ago(since, now)}</td>
      <td className={cells.end}>
        <ConfirmButton
          label="Remove"
          title={`Judge ${source} like any other again?`}
          action={() => remove.mutate(undefined)}
          pending={remove.isPending}
          error={remove.error}
          look={{ color: 'red', variant: 'subtle', size: 'compact-sm' }}
        >
          From then on it is held if it searches for ports, ssh included.
        </ConfirmButton>
      </td>
    </tr>
  )
}

function PartnerForm() {
  const [draft, setDraft] = useState({ source: '', reason: '' })
  const add = useGuardChange(
    (body: typeof draft) => call(guardRoutes.addPartner, { body }),
    () => setDraft({ source: '', reason: '' }),
  )
  const refused = refusedField(add.error)
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate({ source: draft.source.trim(), reason: draft.reason })
      }}
    >
      <Stack gap="sm">
        <div className={classes.fields}>
          <TextInput
            label="Name a partner"
            placeholder="198.51.100.0/28"
            value={draft.source}
            error={refused === 'source'}
            onChange={({ currentTarget }) => setDraft({ ...draft, source: currentTarget.value })}
          />
          <TextInput
            label="Why it is one"
            value={draft.reason}
            error={refused === 'reason'}
            onChange={({ currentTarget }) => setDraft({ ...draft, reason: currentTarget.value })}
          />
          <Button type="submit" variant="default" loading={add.isPending}>
            Add
          </Button>
        </div>
        {add.error && <ErrorNotice error={add.error} />}
      </Stack>
    </form>
  )
}
