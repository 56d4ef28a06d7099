import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { appRoutes } from '#contract/apps.ts'
import { call } from '../../api/api.ts'
import { ConfirmButton } from '../../app-shell/confirm-button.tsx'
import { Panel } from '../../app-shell/panel.tsx'

/** The end of an app. */
export function DestroyApp({ app }: { readonly app: string }) {
  const navigate = useNavigate()
  const destroy = useMutation({
    mutationFn: () => call(appRoutes.destroy, { params: { app } }),
    // The page of an app that goes away is no place to stay.
    onSuccess: () => navigate({ to: '/' }),
  })
  return (
    <Panel
      title="Destroy this app"
      note="Its instances stop; its releases, its configuration and its database are deleted. Nobody can bring them back."
      actions={
        <ConfirmButton
          label={`Destroy ${app}`}
          title={`Destroy ${app}?`}
          name={app}
          look={{ color: 'red', variant: 'light' }}
          action={() => destroy.mutate()}
          pending={destroy.isPending}
          error={destroy.error}
        >
          The app, its database and everything it stored are deleted for good.
        </ConfirmButton>
      }
    />
  )
}
