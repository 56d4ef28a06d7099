import { Alert, Badge, Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { NoticeKind, RuleNotice } from '#contract/network-notices.ts'
import { counted } from '#runtime/kit/human-units.ts'

const NAMES: Readonly<Record<NoticeKind, string>> = {
  ends: 'ends soon',
  unused: 'unused',
  needless: 'needless',
  overlaps: 'overlaps',
  contradicts: 'contradicts',
}
/** Yellow on yellow would be too faint for a heading. */
export const READABLE = { title: { color: 'var(--mantine-color-text)' } }
/** The first are shown; the others by a press. */
const FIRST = 5

const Kind = ({ kind }: { readonly kind: NoticeKind }) => (
  <Badge variant="dot" color={kind === 'overlaps' ? 'gray' : 'yellow'} tt="none" fw={550} miw="max-content">
    {NAMES[kind]}
  </Badge>
)

/** What people should know of their rules, with what to do; `onShow` leads to the rule. */
export function NoticesSummary(props: {
  readonly notices: readonly RuleNotice[]
  readonly onShow: (rule: string) => void
}) {
  const [all, setAll] = useState(false)
  const { notices, onShow } = props
  if (notices.length === 0) return null
  const shown = all ? notices : notices.slice(0, FIRST)
  return (
    <Alert color="yellow" styles={READABLE} title={`${counted(notices.length, 'notice')} about rules`}>
      <Stack gap="xs">
        {shown.map(({ rule, kind, text }) => (
          <Group key={`${rule} ${text}`} gap="xs" wrap="nowrap" align="flex-start">
            <Text size="sm" style={{ flex: 1 }}>
              <bdi>{text}</bdi>
            </Text>
            <Button
              size="compact-xs"
              variant="default"
              aria-label={`Show the rule ${rule}: ${NAMES[kind]}`}
              onClick={() => onShow(rule)}
            >
              Show
            </Button>
          </Group>
        ))}
        {notices.length > FIRST && (
          <Group>
            <Button size="compact-xs" variant="default" aria-expanded={all} onClick={() => setAll(!all)}>
              {all ? 'Fewer' : `All ${notices.length}`}
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  )
}

/** The notices of one rule, where it stands. */
export const NoticesOfRule = ({ notices }: { readonly notices: readonly RuleNotice[] }) =>
  notices.map(({ kind, text }) => (
    <Group key={text} gap="xs" mt={4} wrap="nowrap" align="flex-start">
      <Kind kind={kind} />
      <Text size="xs" component="bdi">
        {text}
      </Text>
    </Group>
  ))
