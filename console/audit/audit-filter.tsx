import { Button, Group, NativeSelect, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ActResult } from '#contract/audit.ts'
import classes from '../network/rule-form.module.css'
import { type AuditSearch, parseAuditSearch } from './audit-search.ts'

const FIELDS = [
  { name: 'who', label: 'Who', hint: 'ada, root, maru' },
  { name: 'action', label: 'What begins with', hint: 'apps.deploy, network.' },
  { name: 'on', label: 'App, host, rule or address', hint: 'shop' },
  { name: 'from', label: 'From', hint: '' },
  { name: 'to', label: 'To, this day included', hint: '' },
] as const

/** Finds in the log. What is found is in the page's address: it can be kept and handed on. */
export function AuditFilter({ search }: { readonly search: AuditSearch }) {
  const navigate = useNavigate()
  const [draft, setDraft] = useState<Readonly<Record<string, string>>>({
    ...{ who: search.who ?? '', action: search.action ?? '', on: search.on ?? '' },
    ...{ from: search.from ?? '', to: search.to ?? '', result: search.result ?? '' },
  })
  const go = (next: AuditSearch) => navigate({ to: '/platform/audit', search: next })
  const set = (name: string, value: string) => setDraft({ ...draft, [name]: value })
  return (
    <search>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void go(parseAuditSearch(draft))
        }}
      >
        <div className={classes.fields}>
          {FIELDS.map(({ name, label, hint }) => (
            <TextInput
              key={name}
              size="xs"
              type={name === 'from' || name === 'to' ? 'date' : 'text'}
              label={label}
              placeholder={hint}
              value={draft[name] ?? ''}
              onChange={({ currentTarget }) => set(name, currentTarget.value)}
            />
          ))}
          <NativeSelect
            size="xs"
            label="Result"
            data={[
              { value: '', label: 'Any' },
              ...ActResult.options.map((one) => ({ value: one, label: one })),
            ]}
            value={draft.result ?? ''}
            onChange={({ currentTarget }) => set('result', currentTarget.value)}
          />
          <Group gap="xs" wrap="nowrap">
            <Button type="submit" size="xs">
              Find
            </Button>
            <Button size="xs" variant="default" onClick={() => void go({})}>
              Show all
            </Button>
          </Group>
        </div>
      </form>
    </search>
  )
}
