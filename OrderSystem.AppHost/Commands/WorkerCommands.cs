namespace OrderSystem.AppHost.Commands;

/// <summary>Pauses and resumes the worker, and reconciles its payments.</summary>
internal static class WorkerCommands
{
    internal static IResourceBuilder<ProjectResource> WithWorkerCommands(this IResourceBuilder<ProjectResource> worker) => worker
        .WithOperation(
            "pause", "Pause", "Pause", "Stops pulling orders from the stream; orders in progress are finished.",
            "Pause the worker? Orders stay pending until it is resumed.",
            async (service, _) =>
            {
                await service.SendAsync(HttpMethod.Post, "/ops/pause");
                return Operation.Done("The worker is paused. Resume it to process the waiting orders.", new { paused = true });
            })
        .WithOperation(
            "resume", "Resume", "PlayCircle", "Pulls orders from the stream again.", "Resume the worker?",
            async (service, _) =>
            {
                await service.SendAsync(HttpMethod.Post, "/ops/resume");
                return Operation.Done("The worker is resumed.", new { paused = false });
            });

    /// <summary>Compares the settlement report of the simulated provider with the payments.</summary>
    internal static IResourceBuilder<ProjectResource> WithReconcileCommand(
        this IResourceBuilder<ProjectResource> worker, IResourceBuilder<ProjectResource> gateway)
    {
        var settlement = gateway.GetEndpoint("http");
        return worker.WithOperation(
            "reconcile", "Reconcile", "DocumentCheckmark", "Compares the provider's settlement report with the payments.",
            "Reconcile now? The result is stored, and its findings are those of the next audit.",
            async (service, _) =>
            {
                var report = new Uri(new Uri(settlement.Url), "settlement.csv");
                var result = await service.SendFileAsync("/ops/reconciliations", "text/csv", report);
                var findings = result.GetProperty("findings").EnumerateObject().Sum(kind => kind.Value.GetInt64());
                return findings == 0
                    ? Operation.Done("The report and the payments agree.", result)
                    : Operation.Failed($"The report and the payments differ: {findings} findings.", result);
            });
    }
}
