using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>Which resources have to be stopped before which: whoever uses another one first.</summary>
internal static class StopOrder
{
    /// <summary>Stops everything, each as soon as all that depend on it have stopped.</summary>
    public static Task StopAllAsync(IReadOnlyCollection<IResource> resources, Func<IResource, Task> stop)
    {
        var needs = resources.ToDictionary(r => r, r => Needs(r).Where(resources.Contains).ToHashSet());
        var stopping = new Dictionary<IResource, Task>();
        return Task.WhenAll(resources.Select(r => Stop(r, [])));

        Task Stop(IResource resource, HashSet<IResource> path)
        {
            if (stopping.TryGetValue(resource, out var known))
                return known;
            path.Add(resource);

            // Two that use each other are stopped at the same time.
            var users = resources.Where(r => !path.Contains(r) && needs[r].Contains(resource) && !needs[resource].Contains(r)).ToArray();
            var task = AfterAsync(users.Select(u => Stop(u, [.. path])).ToArray(), resource);
            return stopping[resource] = task;
        }

        async Task AfterAsync(Task[] users, IResource resource)
        {
            await Task.WhenAll(users);
            await stop(resource);
        }
    }

    private static HashSet<IResource> Needs(IResource resource)
    {
        var found = new HashSet<IResource>();
        Add(resource);
        found.Remove(resource);
        return found;

        void Add(IResource of)
        {
            if (!found.Add(of))
                return;
            var direct = of.Annotations.OfType<WaitAnnotation>().Select(w => w.Resource)
                .Concat(of.Annotations.OfType<ResourceRelationshipAnnotation>().Where(r => r.Type is "Reference" or "WaitFor").Select(r => r.Resource));
            if (of is IResourceWithParent child)
                direct = direct.Append(child.Parent);
            foreach (var other in direct)
                Add(other);
        }
    }
}
