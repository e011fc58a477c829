namespace OrderSystem.AppHost.Commands;

/// <summary>Stops the worker from taking orders, and lets it go on.</summary>
internal static class WorkerCommands
{
    internal static IResourceBuilder<ProjectResource> WithWorkerCommands(this IResourceBuilder<ProjectResource> worker) => worker
        .WithOperation(
            "pause", "Pause", "Pause", "Takes no more orders from the stream; what was taken is finished.", "Pause the worker? Orders stay pending until it is resumed.",
            async (service, _) =>
            {
                await service.SendAsync(HttpMethod.Post, "/ops/pause");
                return Operation.Done("The worker takes no more orders. Resume lets it go on.", new { paused = true });
            })
        .WithOperation(
            "resume", "Resume", "PlayCircle", "Takes orders from the stream again.", "Let the worker take orders again?",
            async (service, _) =>
            {
                await service.SendAsync(HttpMethod.Post, "/ops/resume");
                return Operation.Done("The worker takes orders again.", new { paused = false });
            });
}
