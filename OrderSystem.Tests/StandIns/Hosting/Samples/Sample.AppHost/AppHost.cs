var builder = DistributedApplication.CreateBuilder(args);

var migrations = builder.AddProject<Projects.Sample_Web>("migrations", launchProfileName: null).WithArgs("exit", "0");

builder.AddProject<Projects.Sample_Web>("web")
    .WithReplicas(2)
    .WithHttpHealthCheck("/health")
    .WithExternalHttpEndpoints()
    .WaitForCompletion(migrations);

builder.Build().Run();
